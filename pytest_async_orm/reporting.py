"""The hooks of a session that shows its queries: registered only where an option asks for it."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from pytest_async_orm.fixtures.leaks import session_leaks
from pytest_async_orm.fixtures.recording import RECORDING
from pytest_async_orm.markers import n_plus_one_of
from pytest_async_orm.queries.log import QueryLog
from pytest_async_orm.terminal import collecting, summary, writing


class Reporting:
    """Hooks in the order in which pytest calls them."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.when == "call" and RECORDING in item.stash:
            collecting.attach(report, item.nodeid, QueryLog(item.stash[RECORDING]), n_plus_one_of(item)[0])
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        collecting.collect(self._config, report)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        writing.write_files(session, session_leaks(self._config))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        summary.show(terminalreporter)
