"""The pytest plugin: hooks in the order in which pytest calls them, each a few lines that delegate.

Nothing is imported here that a run does not use, so that a suite without async database tests pays nothing.
"""

from __future__ import annotations

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
    isolation,
    leaks,
    module_db,
    queries,
    query_log,
    query_snapshot,
    recording,
    scopes,
    session_db,
    state,
)
from pytest_async_orm.markers import register_markers
from pytest_async_orm.options import add_options, check_options, wants_report

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
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    register_markers(config)
    check_options(config)
    if wants_report(config):
        from pytest_async_orm.reporting import Reporting

        config.pluginmanager.register(Reporting(config), "async_orm_reporting")
    config.pluginmanager.register(leaks.LeakReports(config), "async_orm_leaks")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    return (yield from leaks.around_setup(item))


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    if fixturedef.argname == isolation.HELPER:
        return (yield from isolation.around_helper(fixturedef, request))
    if fixturedef.argname == "django_db_setup":
        return (yield from isolation.around_setup(fixturedef, request))
    if fixturedef.argname in queries.DJANGOS:
        return (yield from queries.around_djangos(fixturedef, request))
    if fixturedef.scope == "function":
        return (yield)
    value = yield from scopes.around_wide_fixture(fixturedef, request)
    state.note_loop(request.config, value)
    return value


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    return (yield from recording.around_call(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    return (yield from leaks.around_teardown(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return (yield from leaks.around_report(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    if "anyio_backend" not in pyfuncitem.fixturenames:
        return (yield)
    return (yield from isolation.around_anyio_test(pyfuncitem))
