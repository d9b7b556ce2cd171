"""A reader is told to use only what was measured to be right where they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.case import Cell, Failure, Measured
from conformance.catalogue import Catalogue, load_catalogue
from conformance.environment import Environment
from conformance.report import render_html
from conformance.report.advice import Advice, advice_for
from conformance.report.aggregate import Report, Row, tabulate
from conformance.results import Results

AGGREGATE = "queryset.aaggregate"
PRINTED, OWN = "workaround.w2.printed", "workaround.w2.sample_app"
MakeEnvironment = Callable[..., Environment]
Found = dict[str, dict[str, str]]


def failing(cell: Cell, expected: str) -> Measured:
    """A cell that fails because something else was expected."""
    return Measured(cell, "fail", failure=Failure("It is not what was expected.", expected, "another"))


@pytest.fixture
def catalogue() -> Catalogue:
    """The suite's own."""
    return load_catalogue()


@pytest.fixture
def measured(catalogue: Catalogue, make_environment: MakeEnvironment) -> Callable[[Found], list[Results]]:
    """Results by Django and entry: its bad checks with what they expected, every other check right.

    `absent` and a workaround's `unsafe` are said of the whole entry.
    """

    def of(django: str, entries: dict[str, dict[str, str]]) -> Results:
        cells = [cell for cell in catalogue.cells() if cell.entry in entries]
        found = tuple(_measured(cell, entries[cell.entry]) for cell in cells)
        environment = make_environment(django)
        return Results(environment, 1, "ci", "0.1.0", catalogue.hash, tuple(cells), found, complete=True)

    return lambda found: [of(django, entries) for django, entries in found.items()]  # type: ignore[arg-type]


def _measured(cell: Cell, bad: dict[str, str]) -> Measured:
    if "absent" in bad:
        return Measured(cell, "absent")
    return failing(cell, bad[cell.check]) if cell.check in bad else Measured(cell, "pass")


def advice(results: list[Results], catalogue: Catalogue, entry: str) -> Advice:
    """What the page of the entry says."""
    report = tabulate(results, catalogue)
    found = advice_for(report, _row(report, entry))
    assert found is not None
    return found


def _row(report: Report, entry: str) -> Row:
    return next(row for row in report.rows if row.entry.id == entry)


def djangos(columns: tuple[object, ...]) -> list[str]:
    """The versions of Django of some columns."""
    return [column.environment.django for column in columns]  # type: ignore[attr-defined]


def test_a_twin_that_is_wrong_too_is_not_named(measured: Callable[..., list[Results]], catalogue: Catalogue) -> None:
    """Both sides give the same, and the reference model says otherwise: nothing is gained by the other side."""
    found = advice(measured({"5.2.8": {AGGREGATE: {"model": "1"}}}), catalogue, AGGREGATE)
    assert (djangos(found.right), djangos(found.wrong), found.is_usable) == ([], ["5.2.8"], False)


def test_a_twin_that_gives_what_the_model_says_is_named(
    measured: Callable[..., list[Results]], catalogue: Catalogue
) -> None:
    """Only the asynchronous side is wrong: the twin was expected to give what the model gives."""
    found = advice(measured({"5.2.8": {AGGREGATE: {"model": "1", "result": "1"}}}), catalogue, AGGREGATE)
    assert found.is_usable
    other = advice(measured({"5.2.8": {AGGREGATE: {"model": "1", "result": "2"}}}), catalogue, AGGREGATE)
    assert not other.is_usable


def test_each_environment_has_its_own_answer(measured: Callable[..., list[Results]], catalogue: Catalogue) -> None:
    """Right in one Django, wrong in another, and not measured where the operation is absent."""
    results = measured(
        {
            "4.2.30": {AGGREGATE: {"absent": ""}},
            "5.2.8": {AGGREGATE: {"statements": "1"}},
            "6.1.1": {AGGREGATE: {"model": "1"}},
        }
    )
    found = advice(results, catalogue, AGGREGATE)
    answers = djangos(found.right), djangos(found.wrong), djangos(found.unmeasured)
    assert answers == (["5.2.8"], ["6.1.1"], ["4.2.30"])


def test_what_is_absent_is_advised_only_as_long_as_it_is_wrong_nowhere(
    measured: Callable[..., list[Results]], catalogue: Catalogue
) -> None:
    """The call was not measured there: what is known of it is known from other versions."""
    absent = {AGGREGATE: {"absent": ""}}
    assert advice(measured({"4.2.30": absent}), catalogue, AGGREGATE).is_usable
    both = {"4.2.30": absent, "6.1.1": {AGGREGATE: {"model": "1"}}}
    assert not advice(measured(both), catalogue, AGGREGATE).is_usable


def test_a_workaround_that_is_unsafe_itself_is_not_named(
    measured: Callable[..., list[Results]], catalogue: Catalogue
) -> None:
    """The sample app's form is named where its own word is a good one, and nowhere else."""
    bad, good = {"alone": "1"}, dict[str, str]()
    results = measured({"5.2.8": {PRINTED: bad, OWN: good}, "6.1.1": {PRINTED: bad, OWN: bad}})
    found = advice(results, catalogue, PRINTED)
    assert (djangos(found.right), djangos(found.wrong)) == (["5.2.8"], ["6.1.1"])
    itself = advice(results, catalogue, OWN)
    assert not itself.is_usable


def test_a_planted_wrong_advice_is_seen_on_the_page(
    measured: Callable[..., list[Results]], catalogue: Catalogue, tmp_path: Path
) -> None:
    """Neither on top nor beside the evidence does the page say to use it; with a right twin it says so in both."""
    for bad, times in (({"model": "1"}, 0), ({"statements": "1"}, 2)):
        render_html(measured({"5.2.8": {AGGREGATE: bad}}), catalogue, tmp_path)
        text = (tmp_path / f"entries/{AGGREGATE}.html").read_text("utf-8")
        assert text.count("<strong>Use instead</strong>") == times
        assert ("No alternative was measured to be right." in text) is (times == 0)


def test_what_helps_where_both_are_wrong_is_said_there() -> None:
    """Advice in two parts is told in the part that holds."""
    found = Advice("await sync_to_async(...)(); a simpler query where both are wrong")
    assert (found.said, found.otherwise) == ("await sync_to_async(...)()", "a simpler query")
    assert Advice("none: it is the way").said == "it is the way"


def test_what_is_known_of_django_is_told_in_sentences(
    measured: Callable[..., list[Results]], catalogue: Catalogue, tmp_path: Path
) -> None:
    """What the documentation lacks is the end of a sentence, and its place is another."""
    render_html(measured({"5.2.8": {AGGREGATE: {"model": "1"}}}), catalogue, tmp_path)
    text = (tmp_path / f"entries/{AGGREGATE}.html").read_text("utf-8")
    assert "It is Django that is wrong: <code>aaggregate()</code> of an expression" in text
    assert "The documentation does not say that an empty slice cannot be aggregated so. See <a" in text


def test_every_call_that_is_named_has_a_row_or_a_twin(catalogue: Catalogue) -> None:
    """An operation of Django that an advice awaits by its asynchronous name is one that is measured."""
    report = tabulate([], catalogue)
    ids = {row.entry.id for row in report.rows}
    named = [entry.safe_alternative for entry in catalogue.entries if "await queryset.a" in entry.safe_alternative]
    assert named
    assert all(text.partition("await ")[2].partition("(")[0] in ids for text in named)
