"""The recording of a whole test function, if something asks for one, and the budgets that it must keep."""

from __future__ import annotations

import sys
from collections.abc import Generator
from typing import TYPE_CHECKING

import pytest

from pytest_async_orm.errors import QueryAssertionError
from pytest_async_orm.hooks.telling import N_PLUS_ONE, carry, forget, tell
from pytest_async_orm.items import databases_of
from pytest_async_orm.markers import max_queries_of, n_plus_one_of
from pytest_async_orm.options import wants_report
from pytest_async_orm.patches.process import PROCESS

if TYPE_CHECKING:
    from pytest_async_orm.options import Reaction
    from pytest_async_orm.recording.log import QueryLog
    from pytest_async_orm.recording.recording import Recording
    from pytest_async_orm.recording.snapshots import QuerySnapshot

SNAPSHOT: pytest.StashKey[QuerySnapshot] = pytest.StashKey()
RECORDING: pytest.StashKey[Recording] = pytest.StashKey()


def recording_of(item: pytest.Item) -> Recording:
    """The recording of a test: it opens when the test function is called."""
    from pytest_async_orm.recording.recording import Recording

    if RECORDING not in item.stash:
        item.stash[RECORDING] = Recording(wide=True)
    return item.stash[RECORDING]


def forget_run(item: pytest.Item) -> None:
    """Let go of what an earlier run of a test sent: a recording is of one run."""
    forget(item, RECORDING, SNAPSHOT)


def around_call(item: pytest.Item) -> Generator[None, object, object]:
    """Record what a test sends, and find the assertions of its that it never entered."""
    __tracebackhide__ = True
    PROCESS.test_files.add(str(item.path))
    _never_entered()
    result = yield from _around_recorded(item)
    if lines := _never_entered():
        from pytest_async_orm.messages.arguments import never_entered

        raise QueryAssertionError(never_entered(item.nodeid, lines))
    return result


def _never_entered() -> list[str]:
    """The lines that made an assertion in vain since the last call; nothing is imported to find out."""
    module = sys.modules.get("pytest_async_orm.frames.never_entered")
    return PROCESS.one(module.NeverEntered).take() if module is not None else []


def _around_recorded(item: pytest.Item) -> Generator[None, object, object]:
    """Record a test function's queries if a fixture, a budget or a report asks for it; check the budgets."""
    __tracebackhide__ = True
    budgets = max_queries_of(item)
    threshold, reaction = n_plus_one_of(item)
    asked = bool(budgets) or reaction != "off" or wants_report(item.config)
    if RECORDING not in item.stash and not (asked and databases_of(item) != set()):
        return (yield)
    if wants_report(item.config):
        carry(item)
    recording = recording_of(item)
    recording.open()
    try:
        result = yield
    finally:
        recording.close()
    if budgets or SNAPSHOT in item.stash or reaction == "error":
        _require_something_seen(recording)
    log = _log_of(recording)
    _check_snapshot(item, log)
    _check_budgets(item, log, budgets)
    _check_loops(item, log, threshold, reaction)
    return result


def _require_something_seen(recording: Recording) -> None:
    from pytest_async_orm.recording.blocks import require_something_seen

    require_something_seen(recording)


def _log_of(recording: Recording) -> QueryLog:
    from pytest_async_orm.recording.log import QueryLog

    return QueryLog(recording)


def _check_snapshot(item: pytest.Item, log: QueryLog) -> None:
    __tracebackhide__ = True
    if SNAPSHOT in item.stash and not item.stash[SNAPSHOT].names:
        _require(item.stash[SNAPSHOT].check()(log), item)


def _check_budgets(item: pytest.Item, log: QueryLog, budgets: list[tuple[int, str | None]]) -> None:
    __tracebackhide__ = True
    from pytest_async_orm.recording.blocks import counting

    for number, using in budgets:
        _require(counting("at most", number, int.__le__, using=using)(log.using(using) if using else log), item)


def _check_loops(item: pytest.Item, log: QueryLog, threshold: int, reaction: Reaction) -> None:
    __tracebackhide__ = True
    if reaction == "off" or not (found := log.n_plus_one(threshold)):
        return
    from pytest_async_orm.messages import queries as messages

    text = messages.n_plus_one(found, threshold)
    if reaction == "error":
        _require(text, item)
    tell(item, N_PLUS_ONE, text)


def _require(verdict: str | None, item: pytest.Item) -> None:
    __tracebackhide__ = True
    if verdict is not None:
        raise QueryAssertionError(f"{item.nodeid}: {verdict}")
