"""Queries of a session that shows them: carried by reports, written and summarized at the end."""

from __future__ import annotations

import pytest

from pytest_async_orm.hooks import leaks, telling
from pytest_async_orm.hooks.leaks import session_leaks
from pytest_async_orm.hooks.recording import RECORDING
from pytest_async_orm.hooks.telling import notices
from pytest_async_orm.markers import n_plus_one_of
from pytest_async_orm.options import wants_report

# The attribute by which a test's queries travel in its report, and all by which anything of the plugin's does.
_QUERIES = "async_orm_queries"
CARRIED = frozenset({_QUERIES, leaks.CARRIED, telling.CARRIED})


def attach(item: pytest.Item, report: pytest.TestReport) -> None:
    """Give a test's queries to the report of its call: not to those of its subtests, which come while it runs."""
    if report.when != "call" or RECORDING not in item.stash or not wants_report(item.config):
        return
    if item.stash[RECORDING].is_open:
        return
    from pytest_async_orm.recording.document import queries_document
    from pytest_async_orm.recording.log import QueryLog

    log = QueryLog(item.stash[RECORDING])
    # Plain types alone: pytest-xdist sends the attributes of a report to the controller.
    setattr(report, _QUERIES, queries_document(item.nodeid, log, n_plus_one_of(item)[0]))


def gather(config: pytest.Config, report: pytest.TestReport) -> None:
    """Keep what a report carries."""
    if wants_report(config):
        from pytest_async_orm.report import collecting

        collecting.collect(config, report, _QUERIES)


def write_files(session: pytest.Session) -> None:
    """Write what the options ask for."""
    if wants_report(session.config):
        from pytest_async_orm.report import writing

        writing.write_files(session, session_leaks(session.config), notices(session.config))


def summarize(reporter: pytest.TerminalReporter) -> None:
    """Show what `--async-orm-top` asks for, and which files were written."""
    if wants_report(reporter.config):
        from pytest_async_orm.report import summary

        summary.show(reporter)
