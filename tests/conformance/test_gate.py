"""The gate: each rule shown to let through what is right and to stop what is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from conformance.case import Cell, ExitCode, SuiteError
from conformance.environment import Environment
from conformance.expectations import Expectations, load_expectations
from conformance.gate import GateResult, judge
from conformance.results import Results
from tests.conformance.synthetic import ATOMIC, COUNT, NEW, OBSERVED, POSTGRESQL, SQL, SQLITE, catalogue, results

TODAY = date(2027, 1, 10)
WHY = 'reason = "r"\nissue = "#1"\n'


Gate = Callable[..., GateResult]


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """Judge verdicts under the text of an expectations file."""

    def run(verdicts: dict[Cell, str | list[str]] | list[Results], text: str = "", **more: object) -> GateResult:
        known = catalogue(tmp_path)
        path = tmp_path / "expectations.toml"
        path.write_text(text, "utf-8")
        if isinstance(verdicts, dict):
            verdicts = [results(verdicts, digest=known.hash, **more)]  # type: ignore[arg-type]
        return judge(verdicts, known, load_expectations(path), TODAY)

    return run


def expect(outcome: str, match: str = "queryset.acount", more: str = "") -> str:
    """One expectation."""
    return f'[[expect]]\nmatch = "{match}"\noutcome = "{outcome}"\nclass = "bug"\n{WHY}{more}\n'


def flaky(min_pass: float) -> str:
    """One registered flake."""
    return f'[[flaky]]\nmatch = "queryset.acount"\nmin_pass = {min_pass}\n{WHY}'


def quarantine(expires: str) -> str:
    """One quarantine."""
    return f'[[quarantine]]\nmatch = "queryset.acount"\nexpires = {expires}\n{WHY}'


@pytest.mark.parametrize(
    ("cell", "verdict", "code"),
    [
        (COUNT, "pass", 0),
        (COUNT, "n/a", 0),
        (COUNT, "silent", 10),
        (COUNT, "fail", 10),
        (COUNT, "vacuous", 10),
        (COUNT, "loud", 10),
        (ATOMIC, "loud", 0),
        (COUNT, "absent", 10),
        (NEW, "absent", 0),
        (NEW, "fail", 0),
        (NEW, "silent", 0),
        (NEW, "vacuous", 0),
        (NEW, "crash", 10),
        (COUNT, "blocked", 0),
        (COUNT, ["pass", "fail"], 14),
        (COUNT, ["fail", "fail"], 10),
        (COUNT, ["pass", "timeout"], 10),
        (COUNT, "timeout", 10),
        (COUNT, "crash", 10),
        (COUNT, "setup_error", 13),
        (COUNT, "harness_error", 13),
        (COUNT, [], 12),
        (OBSERVED, "silent", 0),
        (OBSERVED, ["pass", "fail"], 0),
        (OBSERVED, "timeout", 10),
        (OBSERVED, "crash", 10),
        (OBSERVED, "harness_error", 13),
        (OBSERVED, [], 12),
    ],
)
def test_a_verdict_without_expectation(gate: Gate, cell: Cell, verdict: str | list[str], code: int) -> None:
    """Good by the documentation of that Django, or the code that the design names; `observe` never gates on colour."""
    assert gate({cell: verdict}).code == code


def test_what_the_documentation_does_not_promise_yet(gate: Gate) -> None:
    """It is listed with that reason, and gates once its Django has come."""
    result = gate({NEW: "fail"})
    (note,) = [note for note in result.notes if note.cell == NEW]
    assert "the documentation of Django 5.2 does not promise it" in note.message
    new = Environment(**{**SQLITE.as_dict(), "django": "6.0.1"})
    assert gate({NEW: "fail"}, environment=new).code == 10


@pytest.mark.parametrize(
    ("verdict", "text", "code"),
    [
        ("silent", expect("silent"), 0),
        ("fail", expect("silent"), 10),
        ("pass", expect("silent"), 11),
        ("blocked", expect("silent"), 0),
        ([], expect("silent"), 12),
        ("timeout", expect("fail"), 10),
        ("setup_error", expect("fail"), 13),
        (["fail", "pass"], expect("fail"), 14),
        ("silent", expect("silent", more="expires = 2027-01-10"), 0),
        ("silent", expect("silent", more="expires = 2027-01-09"), 11),
        ("silent", expect("silent", more='when = { vendor = "postgresql" }'), 0),
        ("pass", expect("silent", more='when = { vendor = "sqlite" }'), 11),
        ("n/a", expect("silent"), 11),
        ("silent", expect("silent", more='checks = ["result"]'), 0),
        ("silent", expect("silent", more='checks = ["result", "gone"]'), 11),
        ("pass", expect("fail", match="queryset.gone"), 11),
        ("pass", expect("fail", match="queryset.anew"), 11),
        ("silent", expect("silent") + expect("silent", match="queryset.*"), 65),
        ("silent", expect("silent") + flaky(0.5), 65),
        (["pass", "fail"], flaky(0.5), 0),
        (["pass", "fail"], flaky(0.6), 10),
        ("fail", flaky(0.1), 10),
        ("pass", flaky(0.9), 0),
        (["pass", "crash"], flaky(0.1), 10),
        ("timeout", quarantine("2027-02-09"), 0),
        (["timeout", "pass"], quarantine("2027-02-09"), 0),
        ("crash", quarantine("2027-02-09"), 10),
        ("fail", quarantine("2027-02-09"), 10),
        ("pass", quarantine("2027-02-09"), 11),
        ([], quarantine("2027-02-09"), 12),
        ("timeout", quarantine("2027-02-10"), 65),
        ("timeout", quarantine("2027-01-09"), 11),
    ],
)
def test_a_verdict_under_a_rule(gate: Gate, verdict: str | list[str], text: str, code: int) -> None:
    """Strict both ways: what is excused is excused exactly, and a rule that does nothing is an error."""
    assert gate({COUNT: verdict}, text).code == code


def test_a_rule_for_what_never_gates_is_needless(gate: Gate) -> None:
    """`observe` needs no excuse."""
    (finding,) = gate({OBSERVED: "fail"}, expect("fail", match="queryset.aslow")).findings
    assert finding.message.endswith("(queryset.aslow) covers only entries that never gate: delete it.")


def test_the_findings_say_what_and_where_and_what_to_do(gate: Gate) -> None:
    """Environment, cell, verdict, and one sentence with the remedy."""
    result = gate({COUNT: "silent", SQL: ["pass", "fail"], ATOMIC: []}, expect("fail", match="atomic.gone"))
    partial, regression, flake, unknown, stale = result.findings
    assert partial.message == "part.jsonl is partial, 2 of 3 cells arrived: run again, it goes on there."
    assert (regression.environment, regression.cell, regression.verdict) == (POSTGRESQL, COUNT, "silent")
    assert regression.message == (
        "queryset.acount:result is silent: 2 rows instead of 3; `async-orm-conformance show queryset.acount` says what"
        " it checks."
    )
    assert flake.message == (
        "queryset.acount:sql is flaky 1/2, different between attempts with the seed 1: fix it, or register it in"
        " [[flaky]] with its issue."
    )
    assert unknown.message == (
        "atomic.coroutine:refused was planned but has no result: run again, it measures only the rest."
    )
    assert stale.message == (
        "[[expect]] number 1 of expectations.toml (atomic.gone) matches nothing in the catalogue:"
        " `async-orm-conformance list` prints every id."
    )


def test_all_codes_are_listed_and_the_weightiest_answers(gate: Gate) -> None:
    """65, 13, 12, 10, 11, 14; the counts carry their denominator."""
    verdicts = {COUNT: "setup_error", SQL: ["pass", "fail"], ATOMIC: "silent", NEW: []}
    result = gate(verdicts, expect("fail", match="gone"))
    assert [code.value for code in result.codes] == [13, 12, 10, 11, 14]
    assert result.code is ExitCode.HARNESS
    assert (result.counts, result.planned) == ({"setup_error": 1, "flaky": 1, "silent": 1, "unknown": 1}, 4)


def test_what_is_excused_or_blocked_is_listed(gate: Gate) -> None:
    """Nothing that did not pass goes by unsaid."""
    result = gate({COUNT: "silent", SQL: "blocked"}, expect("silent"))
    assert [note.message for note in result.notes] == [
        "queryset.acount:result is silent as expected (bug, #1).",
        "queryset.acount:sql is blocked: an entry that it depends on did not pass.",
    ]
    assert (result.findings, result.code) == ((), ExitCode.CONFORMS)


def test_what_does_not_gate_is_listed_with_the_reason(gate: Gate) -> None:
    """The level of its entry, or that nobody promises what the check asks."""
    (note,) = gate({OBSERVED: "fail"}).notes
    assert note.message == (
        "queryset.aslow:result is fail, and does not gate, because its entry has the level `observe`: 2 rows instead of"
        " 3; `async-orm-conformance show queryset.aslow` says what it checks."
    )


@pytest.mark.parametrize(
    ("planned", "complete", "message"),
    [
        ((), True, "part.jsonl plans no cell: nothing was selected, or the run was interrupted before its plan."),
        ((COUNT,), False, "part.jsonl is partial, 1 of 1 cells arrived: run again, it goes on there."),
    ],
)
def test_a_file_that_is_not_whole_is_incomplete(
    gate: Gate, planned: tuple[Cell, ...], complete: bool, message: str
) -> None:
    """No footer, or nothing selected: 12, even if every cell that is there passed."""
    result = gate(dict.fromkeys(planned, "pass"), planned=planned, complete=complete)
    assert [(finding.code, finding.message) for finding in result.findings] == [(ExitCode.INCOMPLETE, message)]


def test_no_results_at_all_are_incomplete(gate: Gate) -> None:
    """Nothing is known to conform."""
    assert gate([]).code is ExitCode.INCOMPLETE


def test_results_of_one_environment_are_merged_and_of_two_are_not(gate: Gate, tmp_path: Path) -> None:
    """Two attempts that differ are a flake; two databases that differ are a regression in one of them."""
    digest = catalogue(tmp_path).hash
    parts = [results({COUNT: verdict}, digest=digest) for verdict in ("pass", "fail")]
    assert gate(parts).code is ExitCode.FLAKE
    parts[1] = results({COUNT: "fail"}, digest=digest, environment=SQLITE)
    assert [finding.environment for finding in gate(parts).findings] == [SQLITE]


def test_findings_come_in_the_order_of_the_catalogue(gate: Gate, tmp_path: Path) -> None:
    """Whatever the order of the file: parts that were merged are sorted by name."""
    cells = (COUNT, SQL, ATOMIC)
    told = [[finding.cell for finding in gate(dict.fromkeys(order, "fail")).findings] for order in (cells, cells[::-1])]
    known = [cell for cell in catalogue(tmp_path).cells() if cell in cells]
    assert told == [known, known]


def test_results_of_another_catalogue_are_refused(tmp_path: Path) -> None:
    """Both hashes and the remedy."""
    known = catalogue(tmp_path)
    with pytest.raises(SuiteError) as caught:
        judge([results({COUNT: "pass"}, digest="x" * 64)], known, Expectations(), TODAY)
    assert caught.value.code is ExitCode.BAD_INPUT
    assert caught.value.message == (
        f"part.jsonl was measured with another catalogue (xxxxxxxxxxxx, and this one is {known.hash[:12]})."
    )
    assert caught.value.remedy.startswith("Measure again with this version of the suite")


def test_a_cell_that_the_catalogue_does_not_have_is_refused(tmp_path: Path) -> None:
    """Same hash, other cells: somebody changed the file."""
    known = catalogue(tmp_path)
    with pytest.raises(SuiteError, match=r"plans queryset\.gone:result, which the catalogue does not have") as caught:
        judge([results({Cell("queryset.gone", "result"): "pass"}, digest=known.hash)], known, Expectations(), TODAY)
    assert caught.value.code is ExitCode.BAD_INPUT
