"""What a second run of the same examples makes of a disagreement."""

from __future__ import annotations

from unittest.mock import Mock

import pytest

from conformance.catalogue import load_catalogue
from conformance.checks import Evidence
from conformance.judges import Ruling
from conformance.worker import experiment_run
from conformance.worker.experiment_run import ExperimentRun

ENTRY = load_catalogue().entry("queryset.acount")
CHECK = next(check for check in ENTRY.checks if check.name == "result")


@pytest.fixture
def run() -> ExperimentRun:
    """An entry whose examples were run, and with whose result a judge disagrees."""
    made = ExperimentRun(ENTRY, Mock(), Mock(), 5, 0)
    made._evidence = Evidence()
    made._found["result"] = Ruling("wrong", 1, 2, silent=True)
    return made


def test_a_disagreement_that_is_not_seen_again_is_two_attempts(run, monkeypatch):
    """They differ, so the cell is flaky."""
    monkeypatch.setattr(experiment_run, "explore", lambda *_, **__: None)
    assert [measured.verdict for measured in run.measure(CHECK)] == ["silent", "pass"]


def test_a_second_run_in_which_the_suite_fails_is_no_pass(run, monkeypatch):
    """It is a harness error, with what was raised."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the database is gone")

    monkeypatch.setattr(experiment_run, "explore", fail)
    (measured,) = run.measure(CHECK)
    assert measured.verdict == "harness_error"
    assert "the database is gone" in measured.failure.message
