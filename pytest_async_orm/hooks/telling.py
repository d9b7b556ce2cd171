"""What the plugin has to tell of a session that passes: carried by reports, shown in sections of the terminal summary.

Never by `warnings`: a filter of the project's would turn it into a failure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_async_orm.hooks.session import STATE
from pytest_async_orm.items import databases_of, is_async

if TYPE_CHECKING:
    from pytest_async_orm.hooks.session import State

# The attribute by which a test's notices travel in its report, and the key by which a worker's session hands on its.
CARRIED = "_async_orm_notices"
# The sections, in the order in which they are shown, and the JUnit property of each.
TOPICS = {
    "environment of async tests": "async_orm_environment",
    "work left running": "async_orm_left_work",
    "tables emptied": "async_orm_tables_emptied",
    "N+1 queries": "async_orm_n_plus_one",
    "faults of pytest-async-orm": "async_orm_fault",
}
ENVIRONMENT, LEFT_WORK, EMPTIED, N_PLUS_ONE, FAULT = TOPICS

Notice = dict[str, Any]
"""`topic`, `text`, and `test`: the id of the test, or None for the session."""
_OF_TEST: pytest.StashKey[list[Notice]] = pytest.StashKey()
_GATHERED: pytest.StashKey[list[Notice]] = pytest.StashKey()
_CARRYING: pytest.StashKey[object] = pytest.StashKey()


def forget(item: pytest.Item, *keys: pytest.StashKey[Any]) -> None:
    """Let go of what is kept of a test that runs again, as pytest-rerunfailures and others let it."""
    for key in keys:
        if key in item.stash:
            del item.stash[key]


def forget_notices(item: pytest.Item, *others: str) -> None:
    """Let go of what was told of an earlier run of a test, in its properties too: those of the topics and others."""
    forget(item, _OF_TEST)
    told = {*TOPICS.values(), *others}
    if any(name in told for name, _ in item.user_properties):
        item.user_properties[:] = [one for one in item.user_properties if one[0] not in told]


def carry_by(config: pytest.Config, plugin: object) -> None:
    """What to register once a test has something for its report: most suites have nothing."""
    config.stash[_CARRYING] = plugin


def carry(item: pytest.Item) -> None:
    """A test has something for its report."""
    manager, plugin = item.config.pluginmanager, item.config.stash[_CARRYING]
    if not manager.is_registered(plugin):
        manager.register(plugin, "async_orm_carrying")


def tell(item: pytest.Item, topic: str, text: str) -> None:
    """Tell of a test: in its report and its JUnit properties, and in the section of the topic."""
    carry(item)
    item.stash.setdefault(_OF_TEST, []).append({"topic": topic, "test": item.nodeid, "text": text})
    item.user_properties.append((TOPICS[topic], text))


def tell_of_session(state: State, topic: str, text: str) -> None:
    """Tell what belongs to no test."""
    state.notices.append({"topic": topic, "test": None, "text": text})


def attach(item: pytest.Item, report: pytest.TestReport) -> None:
    """Give a test's notices to the report of its tear-down."""
    if report.when == "teardown" and _OF_TEST in item.stash:
        setattr(report, CARRIED, item.stash[_OF_TEST])
        del item.stash[_OF_TEST]


def gather(config: pytest.Config, report: pytest.TestReport) -> None:
    """Gather what a test has told."""
    _keep(config, getattr(report, CARRIED, None))


def gather_worker(config: pytest.Config, node: Any) -> None:
    """Gather what a worker's session has told."""
    _keep(config, getattr(node, "workeroutput", {}).get(CARRIED))


def _keep(config: pytest.Config, found: list[Notice] | None) -> None:
    if found:
        config.stash.setdefault(_GATHERED, []).extend(found)


def finish(config: pytest.Config) -> None:
    """Hand on what the session has told; a worker does it in the process that reports it is gathered."""
    state = config.stash.get(STATE, None)
    if state is None or not state.notices:
        return
    output = getattr(config, "workeroutput", None)
    if output is None:
        _keep(config, state.notices)
    else:
        output[CARRIED] = state.notices


def notices(config: pytest.Config) -> list[dict[str, Any]]:
    """What the session has told, equal texts once with their tests, in the order of the sections."""
    found: dict[tuple[str, str], list[str]] = {}
    for notice in config.stash.get(_GATHERED, []):
        tests = found.setdefault((notice["topic"], notice["text"]), [])
        if notice["test"] is not None and notice["test"] not in tests:
            tests.append(notice["test"])
    order = list(TOPICS)
    return [
        {"topic": topic, "text": text, "tests": tests}
        for (topic, text), tests in sorted(found.items(), key=lambda entry: order.index(entry[0][0]))
    ]


def summarize(reporter: pytest.TerminalReporter) -> None:
    """A section for each topic of which there is something to tell."""
    found = notices(reporter.config)
    if not found:
        return
    from pytest_async_orm.messages.reports import told

    for topic in TOPICS:
        texts = [notice for notice in found if notice["topic"] == topic]
        if texts:
            reporter.section(topic)
        for notice in texts:
            for line in told(notice["text"], notice["tests"] if topic != ENVIRONMENT else []):
                reporter.line(line)


def tell_of_traps(item: pytest.Item) -> None:
    """Tell of a bad environment once, and only to a session that has async tests with a database."""
    state = item.config.stash.get(STATE, None)
    if state is not None and state.traps and is_async(item) and databases_of(item) != set():
        for text in state.traps:
            tell(item, ENVIRONMENT, text)
        state.traps = []
