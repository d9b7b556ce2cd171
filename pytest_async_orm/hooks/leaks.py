"""Connection leaks of one test, of the session, and of xdist's workers: who is told, and when."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_async_orm.errors import ConnectionsLeaked
from pytest_async_orm.hooks.session import STATE
from pytest_async_orm.hooks.telling import FAULT, carry, forget, forget_notices, tell, tell_of_session
from pytest_async_orm.markers import allowed_leaks
from pytest_async_orm.options import leak_mode, wants_report
from pytest_async_orm.patches.process import PROCESS

if TYPE_CHECKING:
    from pytest_async_orm.hooks.session import State
    from pytest_async_orm.leaks.judgement import Judge
    from pytest_async_orm.records import Census, Leak

# The attribute by which a test's facts travel in its report, and the key by which a worker's session hands on its own.
CARRIED = "_async_orm_leaks"
PROPERTY = "connection_leak"
_FACTS: pytest.StashKey[dict[str, Any]] = pytest.StashKey()
_TRACKED: pytest.StashKey[Callable[[], None]] = pytest.StashKey()
_FAILED: pytest.StashKey[bool] = pytest.StashKey()
COLLECTED: pytest.StashKey[list[dict[str, Any]]] = pytest.StashKey()


def forget_run(item: pytest.Item) -> None:
    """Let go of what an earlier run of a test left."""
    forget(item, _FACTS, _FAILED)
    forget_notices(item, PROPERTY)


def begin(item: pytest.Item) -> None:
    """What is opened from now on is this test's."""
    state = item.config.stash.get(STATE, None)
    if state is not None:
        state.test_starts(item.nodeid)
        track(item, state)


def track(item: pytest.Item, state: State) -> None:
    """Let a test's coroutines remember where they are made: the first test's too, once its state is there."""
    if state.judge is not None and _TRACKED not in item.stash:
        item.stash[_TRACKED] = _tracking()


def _tracking() -> Callable[[], None]:
    from pytest_async_orm.leaks.coroutines import Coroutines

    return PROCESS.one(Coroutines).track()


def around_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Judge a test once all of its fixtures are gone; a tear-down that failed stays what it is."""
    try:
        result = yield
    except BaseException:
        _tell(item, may_fail=False)
        raise
    _tell(item, may_fail=True)
    return result


def _tell(item: pytest.Item, *, may_fail: bool) -> None:
    if _TRACKED in item.stash:
        item.stash[_TRACKED]()
        del item.stash[_TRACKED]
    state = item.config.stash.get(STATE, None)
    if state is None or state.judge is None:
        return
    judge = state.judge
    leaks = _guarded(item, lambda: _judged(item, judge)) or []
    state.test_ends()
    judge.let_go()
    unpermitted = [leak for leak in leaks if leak.allowed is None]
    if unpermitted and may_fail and leak_mode(item.config) == "error":
        from pytest_async_orm.messages.leaks import left_open

        raise ConnectionsLeaked(left_open(item.nodeid, unpermitted))


def _judged(item: pytest.Item, judge: Judge) -> list[Leak]:
    leaks = judge.test(passed=_FAILED not in item.stash)
    # Of a session that nobody shows there is nothing to tell but leaks.
    records = judge.records() if leaks or wants_report(item.config) else []
    if leaks:
        reason = allowed_leaks(item)
        leaks = [replace(leak, allowed=reason) for leak in leaks]
    if leaks or records:
        from pytest_async_orm.leaks.document import facts_of_test

        item.stash[_FACTS] = facts_of_test(records, leaks, _census(item, judge))
        carry(item)
    for leak in leaks:
        item.user_properties.append((PROPERTY, f"{leak.kind}: {leak.alias} at {leak.opened_at}"))
    return leaks


def _census(item: pytest.Item, judge: Judge) -> list[Census]:
    """Ask the servers of the databases on which something real was left; a leak is rare, so this is affordable."""
    censuses = judge.census()
    for census in censuses:
        if census.disagreement:
            from pytest_async_orm.messages.leaks import disagreement

            tell(item, FAULT, disagreement(census))
    return censuses


def _guarded(item: pytest.Item, call: Callable[[], list[Leak]]) -> list[Leak] | None:
    """The plugin's own failure is told, and changes nothing."""
    try:
        return call()
    except pytest.UsageError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it is not the test's
        tell(item, FAULT, _failed(item.nodeid, error))
        return None


def _failed(what: str, error: Exception) -> str:
    import traceback

    from pytest_async_orm.messages.leaks import judgement_failed

    return judgement_failed(what, error, "".join(traceback.format_exception(error)))


def note_failure(item: pytest.Item) -> None:
    """A phase of a test, or one of its subtests, did not pass."""
    item.stash[_FAILED] = True


def attach(item: pytest.Item, report: pytest.TestReport) -> None:
    """Give a test's facts to the report of its tear-down."""
    if report.when == "teardown" and _FACTS in item.stash:
        setattr(report, CARRIED, item.stash[_FACTS])


def gather(config: pytest.Config, report: pytest.TestReport) -> None:
    """Gather what a test has handed on."""
    _keep(config, getattr(report, CARRIED, None))


def gather_worker(config: pytest.Config, node: Any) -> None:
    """Gather what a worker's session has handed on."""
    _keep(config, getattr(node, "workeroutput", {}).get(CARRIED))


def _keep(config: pytest.Config, found: dict[str, Any] | None) -> None:
    if found is not None:
        config.stash.setdefault(COLLECTED, []).append(found)


def finish(config: pytest.Config) -> None:
    """Judge the session; a worker hands on what it found, in the process that reports it is gathered."""
    state = config.stash.get(STATE, None)
    document = _session_facts(state) if state is not None and state.judge is not None else None
    output = getattr(config, "workeroutput", None)
    if output is None:
        _keep(config, document)
    elif document is not None:
        output[CARRIED] = document


def summarize(reporter: pytest.TerminalReporter) -> None:
    """Show the leaks of the session, if there are any."""
    found = session_leaks(reporter.config)["leaks"] if COLLECTED in reporter.config.stash else []
    if found:
        from pytest_async_orm.messages.leaks import summary

        lines = summary(found)
        reporter.section("connection leaks")
        for line in lines:
            reporter.line(line)


def before_the_databases_go(state: State) -> None:
    """Ask the servers a last time, and remember what the plugin is about to close."""
    if state.judge is None:
        return
    try:
        state.judge.last_census()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the plugin's own
        _tell_of_fault(state, error)


def _session_facts(state: State) -> dict[str, Any] | None:
    """Judge what wider fixtures left, and work that outlived its test, once every fixture is gone."""
    from pytest_async_orm.leaks.document import facts_of_test

    judge = state.judge
    assert judge is not None
    try:
        leaks = judge.session()
        for census in judge.censuses:
            if census.disagreement:
                from pytest_async_orm.messages.leaks import disagreement

                tell_of_session(state, FAULT, disagreement(census))
        return facts_of_test(judge.records(), leaks, judge.censuses)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the plugin's own
        _tell_of_fault(state, error)
        return None


def _tell_of_fault(state: State, error: Exception) -> None:
    tell_of_session(state, FAULT, _failed("the session", error))


def session_leaks(config: pytest.Config) -> dict[str, Any]:
    """The session's `leaks_document`, for the report file and the page."""
    from pytest_async_orm.leaks.document import leaks_document

    documents = config.stash.get(COLLECTED, [])
    return leaks_document(documents)
