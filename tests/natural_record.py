"""Loaded into a run of the natural suite by `-p`: writes what pytest reports of each test, and when."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if "PYTEST_XDIST_WORKER" in os.environ:
        # The controller hears of it as well.
        return
    expected = hasattr(report, "wasxfail")
    with Path(os.environ["NATURAL_RECORD"]).open("a") as file:
        file.write(json.dumps([report.nodeid, report.when, report.outcome, expected, time.time()]) + "\n")
