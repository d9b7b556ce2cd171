"""A claim of the source text holds, does not hold, or cannot be told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.catalogue import Catalogue, load_catalogue
from conformance.report.aggregate import tabulate
from conformance.report.claims import ClaimRow
from conformance.results import Results

MakeResults = Callable[..., Results]
SELECTED = ("queryset.acount:result", "queryset.acount:sql")


def claim(results: Results, catalogue: Catalogue, claim_id: str) -> ClaimRow:
    return next(row for row in tabulate([results], catalogue).claims if row.claim.id == claim_id)


@pytest.mark.parametrize(
    ("result", "sql", "answer"),
    [
        ("pass", "pass", "holds"),
        ("pass", "fail", "does not hold"),
        ("absent", "absent", "does not hold"),
        ("silent", None, "does not hold"),
        ("pass", None, "unknown"),
        ("pass", "harness_error", "unknown"),
        ("blocked", "blocked", "unknown"),
        ("flaky 1/2", "pass", "does not hold"),
    ],
)
def test_the_worst_verdict_answers_a_claim(
    result: str, sql: str | None, answer: str, catalogue: Catalogue, make_column_results: MakeResults
) -> None:
    """A claim holds where the worst of its verdicts is predicted; what says nothing of Django leaves it unknown."""
    results = make_column_results(dict(zip(SELECTED, (result, sql), strict=True)))
    assert claim(results, catalogue, "O2").results[0].answer == answer


def test_a_claim_that_denies_holds_where_the_operation_is_absent(
    catalogue: Catalogue, make_column_results: MakeResults
) -> None:
    """A claim that predicts absence holds where the API is absent, and does not where it passes."""
    cells = [f"model.asave:{name}" for name in ("result", "sql", "committed")]
    absent = make_column_results(dict.fromkeys(cells, "absent"))
    passed = make_column_results(dict.fromkeys(cells, "pass"))
    assert claim(absent, catalogue, "N2").results[0].answer == "holds"
    assert claim(passed, catalogue, "N2").results[0].answer == "does not hold"


@pytest.mark.parametrize(("verdict", "answer"), [("pass", "unknown"), ("fail", "does not hold")])
def test_a_claim_in_part(verdict: str, answer: str, catalogue: Catalogue, make_column_results: MakeResults) -> None:
    """With checks left out a claim can be refuted, because the worst only gets worse, but never confirmed."""
    results = make_column_results({SELECTED[0]: verdict})
    assert claim(results, catalogue, "O2").results[0].answer == answer


def test_a_claim_that_was_not_selected_has_no_answer(catalogue: Catalogue, make_column_results: MakeResults) -> None:
    """Where none of its checks was planned, a claim is blank and its denominator leaves that environment out."""
    row = claim(make_column_results({SELECTED[0]: "pass"}), catalogue, "N2")
    assert (row.results[0].answer, row.of, row.tally) == (None, 0, ())


def test_claims_stand_in_the_order_of_the_text(catalogue: Catalogue) -> None:
    """What works comes before what does not, 2 before 10, a claim before its parts."""
    assert [row.claim.id for row in tabulate([], catalogue).claims] == ["O2", "O6.counts", "O10", "N2", "N6"]


def test_what_is_only_observed_refutes_no_claim() -> None:
    """That `acount` has no docstring is seen, and does not make the sentence wrong that it works."""
    catalogue = load_catalogue()
    cells = {str(cell) for claim in catalogue.claims if claim.id == "O2" for cell in catalogue.cells_of(claim)}
    assert "queryset.acount:result" in cells
    assert "queryset.acount:declaration" not in cells
