"""The pytest plugin: every hook, in the order in which pytest calls them, each a few lines that delegate.

Nothing is imported here that a run does not use, so that a suite without async database tests pays nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from typing import Any

import pytest

from pytest_async_orm.fixtures import (
    async_assert_max_num_queries,
    async_assert_num_queries,
    async_db,
    async_transactional_db,
    class_db,
    connection_ledger,
    module_db,
    query_log,
    query_snapshot,
    session_db,
)
from pytest_async_orm.hooks import assertions, isolation, leaks, recording, reporting, scopes, telling
from pytest_async_orm.hooks import session as state
from pytest_async_orm.markers import check_collected, register_markers
from pytest_async_orm.options import add_options, check_options
from pytest_async_orm.patches.process import PROCESS
from pytest_async_orm.patches.pytest_names import FOR_UNITTEST, HELPER

__all__ = [
    "async_assert_max_num_queries",
    "async_assert_num_queries",
    "async_db",
    "async_transactional_db",
    "class_db",
    "connection_ledger",
    "module_db",
    "query_log",
    "query_snapshot",
    "session_db",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """The plugin's options."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """A bad option fails before a test runs."""
    state.begin(config)
    register_markers(config)
    check_options(config)
    register = config.pluginmanager.register
    register(Gathering(config), "async_orm_gathering")
    register(MakingRoom(), "async_orm_making_room")
    telling.carry_by(config, Carrying())


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A bad marker is told before a test runs."""
    report = yield
    check_collected(report)
    return report


def pytest_collection_finish(session: pytest.Session) -> None:
    """A module of tests may have brought anyio's plugin."""
    if "anyio.pytest_plugin" in sys.modules:
        session.config.pluginmanager.register(OfAnyio(), "async_orm_of_anyio")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    """What is opened from now on is this test's."""
    if state.runs_again(item):
        recording.forget_run(item)
        leaks.forget_run(item)
    leaks.begin(item)
    return (yield)


_SURROUNDED = {HELPER, "django_db_setup", "django_capture_on_commit_callbacks", *assertions.ASSERTION_FIXTURES}


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    """The sandbox starts behind pytest-django's own set-up; fixtures of wider scope belong to no test."""
    if fixturedef in PROCESS.plain_fixtures:
        # Nearly all, several for each test.
        return (yield)
    name = fixturedef.argname
    if name not in _SURROUNDED and fixturedef.scope == "function":
        PROCESS.plain_fixtures.add(fixturedef)
        return (yield)
    if name == HELPER:
        return (yield from isolation.around_helper(fixturedef, request))
    if name == "django_db_setup":
        return (yield from isolation.around_setup(fixturedef, request))
    if name == "django_capture_on_commit_callbacks":
        isolation.capture_everywhere()
    if name in assertions.ASSERTION_FIXTURES:
        return (yield from assertions.around_assertion_fixture(fixturedef, request))
    if fixturedef.scope == "function" or (name == FOR_UNITTEST and isinstance(request.node, pytest.Item)):
        return (yield)
    value = yield from scopes.around_wide_fixture(fixturedef, request)
    state.note_loop(request.config, fixturedef, value)
    return value


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Queries are recorded if something asks for them; other threads join the transactions of Django's classes; a bad
    environment is told.
    """
    telling.tell_of_traps(item)
    with isolation.open_to_guests(item):
        return (yield from recording.around_call(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """A test is judged once all of its fixtures are gone."""
    return (yield from leaks.around_teardown(item))


def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """A report keeps the frames of what failed: behind pytest's own, which says what a method of unittest's raised."""
    if call.excinfo is not None:
        leaks.note_failure(item)


class OfAnyio:
    """Registered where anyio's plugin is."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, object, object]:
        """anyio runs tests in a task that is older than they."""
        if "anyio_backend" not in pyfuncitem.fixturenames:
            return (yield)
        from pytest_async_orm.hooks.anyio_tests import around_anyio_test

        return (yield from around_anyio_test(pyfuncitem))


class Carrying:
    """A test's facts travel in its reports, also from xdist's workers: registered once there are some."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Give a test's facts to its reports."""
        report = yield
        leaks.attach(item, report)
        telling.attach(item, report)
        reporting.attach(item, report)
        return report


class MakingRoom:
    """A hook that may refuse a test: inside the wrappers of all plugins, whose tear-down relies on their set-up."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Rows of wider scopes give way to real connections."""
        scopes.give_way(item)


class Gathering:
    """Keeps what tests hand on with their reports: `pytest_runtest_logreport` is given no session."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """What the report of a test carries, which was made in another process perhaps."""
        if reporting.CARRIED.isdisjoint(vars(report)):
            return
        leaks.gather(self._config, report)
        telling.gather(self._config, report)
        reporting.gather(self._config, report)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What the session of a worker of pytest-xdist found."""
    leaks.gather_worker(node.config, node)
    telling.gather_worker(node.config, node)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """The session is judged, and its files are written, once everybody else has ended it."""
    leaks.finish(session.config)
    telling.finish(session.config)
    reporting.write_files(session)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What there is to tell, the queries that an option asks for, and what was replaced if `--trace-config` asks."""
    leaks.summarize(terminalreporter)
    telling.summarize(terminalreporter)
    reporting.summarize(terminalreporter)
    state.summarize(terminalreporter)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """What was replaced of other people's code is put back."""
    state.end(config)
