"""Loaded into a run of a public suite by `-p`: notes what comes of each test, and takes transactions off on request.

With PUBLIC_SUITES_TRANSACTIONS=off the async tests lose `transaction=True` of their mark, so that the plugin isolates
them; a test that asks for the fixture `transactional_db` keeps what it asks for.
"""

from __future__ import annotations

import inspect
import json
import os
from pathlib import Path

import pytest


class Record:
    """One line a report: test, phase, outcome, whether it is an expected failure."""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        line = [report.nodeid, report.when, report.outcome, hasattr(report, "wasxfail")]
        with Path(os.environ["PUBLIC_SUITES_RECORD"]).open("a") as file:
            file.write(json.dumps(line) + "\n")


def pytest_configure(config: pytest.Config) -> None:
    # What a worker of xdist reports its controller hears as well.
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Record())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get("PUBLIC_SUITES_TRANSACTIONS") == "off":
        for item in items:
            without_transaction(item)


def without_transaction(item: pytest.Item) -> None:
    """Give an async test a nearer mark that says all but `transaction` and what only goes with it."""
    mark = item.get_closest_marker("django_db")
    if mark is None or not inspect.iscoroutinefunction(getattr(item, "obj", None)):
        return
    if mark.args[:1] == (True,) or mark.kwargs.get("transaction"):
        kept = {name: value for name, value in mark.kwargs.items() if name in ("databases", "available_apps")}
        item.add_marker(pytest.mark.django_db(**kept), append=False)
