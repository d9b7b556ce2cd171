"""What a second run of the same examples makes of a disagreement."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import strategies as st

from conformance.case import Failure
from conformance.catalogue import load_catalogue
from conformance.checks import Evidence
from conformance.checks.experiments import CONDITIONS, Conditions, Experiment, Turns
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


def test_what_is_absent_is_not_run_again(run, monkeypatch):
    """An example before the one that told may have shown a disagreement: whether it is drawn is chance."""
    monkeypatch.setattr(experiment_run, "explore", Mock(side_effect=AssertionError("it was run again")))
    run._absent = "Window is disallowed in the filter clause."
    (measured,) = run.measure(CHECK)
    assert (measured.verdict, measured.reason) == ("absent", run._absent)


def test_a_second_run_in_which_the_suite_fails_is_no_pass(run, monkeypatch):
    """It is a harness error, with what was raised."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the database is gone")

    monkeypatch.setattr(experiment_run, "explore", fail)
    (measured,) = run.measure(CHECK)
    assert measured.verdict == "harness_error"
    assert "the database is gone" in measured.failure.message


@pytest.mark.parametrize("again", [[3], [1, 2, 3]])
def test_the_second_run_begins_with_the_example_that_was_disagreed_with(run, monkeypatch, again):
    """The examples before it are run again only where it does not show by itself."""
    looked: list[int] = []
    monkeypatch.setattr(run, "_pair", lambda example: looked.append(example[0]))
    run._experiment.vary = lambda drawn, _: drawn
    run._before["result"] = 2
    run._cancelled = [False, False, False]
    runs = iter([[3], [1, 2, 3]])

    def explore(_: object, look: Any, *__: object, **___: object) -> None:
        for drawn in (1, 2, 3):
            look(drawn)
        if next(runs) == again:
            monkeypatch.setattr(run, "_broken", Failure("it ends here"))

    monkeypatch.setattr(experiment_run, "explore", explore)
    run.measure(CHECK)
    assert looked == ([3] if again == [3] else [3, 1, 2, 3])


def test_the_program_is_of_the_example_that_was_run(run, monkeypatch):
    """Not of the one that was drawn, in which something took its turn."""
    program = run._experiment.program = Mock(return_value="print()")
    run._experiment.vary = lambda drawn, turn: f"{drawn}, varied"
    run._experiment.source = None
    monkeypatch.setattr(run, "_pair", lambda example: Mock(cancelled=None))
    monkeypatch.setattr(run, "_failure", lambda *_: Failure("wrong"))
    monkeypatch.setitem(experiment_run.PANEL, "result", lambda _: run._found["result"])

    def explore(_: object, look: Any, *__: object, **___: object) -> None:
        look("drawn")

    monkeypatch.setattr(experiment_run, "explore", explore)
    (measured,) = run.measure(CHECK)
    assert program.call_args.args[1] == "drawn, varied"
    assert measured.failure.script == "print()"


@pytest.mark.parametrize(("seen", "numbers"), [(0, [8, 24]), (1, [8])])
def test_more_examples_are_drawn_where_the_evidence_is_missing(run, monkeypatch, seen, numbers):
    """Three times as many, once; what was seen before is forgotten, and none where everything was seen."""
    drawn: list[int] = []

    def explore(_: object, look: Any, number: int, *__: object, **___: object) -> None:
        drawn.append(number)
        run._stage.evidence.examples = number

    monkeypatch.setattr(experiment_run, "explore", explore)
    monkeypatch.setattr(Evidence, "missing", lambda _, wanted: () if seen else wanted)
    run._evidence, run._examples, run._found = None, 8, {}
    (measured,) = run.measure(CHECK)
    assert drawn == numbers
    assert measured.examples == numbers[-1]


def conditions(turns: Turns) -> Conditions:
    """Those of the next example."""
    return turns.next(Experiment(st.none(), Mock()), None)[1]


def test_a_cancellation_without_a_statement_is_made_up_for():
    """The next example that sends one is cancelled, whatever else is varied for it."""
    turns = Turns()
    while not conditions(turns).cancelled:
        turns.cancelled(seen=False)
    turns.cancelled(seen=False)
    assert conditions(turns).cancelled
    turns.cancelled(seen=True)
    assert [conditions(turns).cancelled for _ in CONDITIONS].count(True) == 1


def test_the_conditions_of_a_disagreement_are_kept():
    """What is made smaller is looked at under the conditions under which it was found."""
    turns = Turns()
    found = [conditions(turns) for _ in range(3)][-1]
    turns.keep()
    assert conditions(turns) == found


def check_of(entry: str, check: str) -> tuple[str, ...]:
    """The evidence that a check needs."""
    return next(each.must_observe for each in load_catalogue().entry(entry).checks if each.name == check)


@pytest.mark.parametrize(
    ("check", "evidence"),
    [
        ("cancelled", "cancellations"),
        ("override", "overridden"),
        ("signature", "declared"),
        ("declaration", "declared"),
    ],
)
def test_what_was_not_tried_is_vacuous(run, check, evidence):
    """A judge that had nothing to look at says nothing for the operation."""
    assert check_of("queryset.acount", check) == (evidence,)
    (measured,) = run.measure(next(each for each in ENTRY.checks if each.name == check))
    assert measured.verdict == "vacuous"
    assert measured.reason == f"nothing was seen of: {evidence}"
