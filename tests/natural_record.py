"""Loaded into a run of the natural suite by `-p`: writes what pytest reports of each test, and when."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest


class Record:
    """One line a report: test, phase, outcome, whether it is an expected failure, time."""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        expected = hasattr(report, "wasxfail")
        with Path(os.environ["NATURAL_RECORD"]).open("a") as file:
            file.write(json.dumps([report.nodeid, report.when, report.outcome, expected, time.time()]) + "\n")


def pytest_configure(config: pytest.Config) -> None:
    # What a worker of xdist reports its controller hears as well.
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Record())
