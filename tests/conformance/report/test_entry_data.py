"""What the page of an entry has: failures told once, the code that was run, how it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from conformance.case import Cell, Failure, Measured, Shown, Table
from conformance.catalogue import Catalogue
from conformance.environment import Environment
from conformance.report import render_html
from conformance.report.aggregate import Report, tabulate
from conformance.report.grouped import grouped
from conformance.report.running import HEADINGS, running
from conformance.report.showing import examples_shown, sources_shown
from conformance.results import Results

CELL = Cell("queryset.acount", "result")
FAILURE = Failure(
    "It is two.",
    difference="- 1\n+ 2",
    example="await Post.objects.acount()",
    rows=(Table("Post", ("id", "title"), (("1", "'a'"),)),),
    sql=("SELECT 1", "SELECT 2"),
    twin_sql=("SELECT 1",),
)
SHOWN = Shown(("Post.objects.count()", "await Post.objects.acount()"), (), (("SELECT 1",), ("SELECT 1",)), ("s",), 1)
Measure = Callable[[dict[str, Measured]], Report]


@pytest.fixture
def measure(
    catalogue: Catalogue,
    make_environment: Callable[..., Environment],
    make_column_results: Callable[..., Results],
) -> Measure:
    """A report of one cell, by release of Django."""

    def make(found: dict[str, Measured]) -> Report:
        planned = {str(CELL): None}
        parts = [
            replace(make_column_results(planned, make_environment(django=django)), cells=(each,), complete=True)
            for django, each in found.items()
        ]
        return tabulate(parts, catalogue)

    return make


def test_a_failure_that_releases_share_is_told_once(measure: Measure) -> None:
    """What a reader sees decides, not the command that shows it again; the worst comes first."""
    report = measure(
        {
            "4.2.30": Measured(CELL, "fail", failure=replace(FAILURE, reproduce="one")),
            "5.2.8": Measured(CELL, "fail", failure=replace(FAILURE, reproduce="two")),
            "6.0.1": Measured(CELL, "silent", failure=replace(FAILURE, message="It is three.")),
            "6.1.1": Measured(CELL, "pass"),
        }
    )
    found = grouped(report.rows[0])
    told = [(each.checks, each.failure and each.failure.message, [c.series for c in each.columns]) for each in found]
    assert told == [(("result",), "It is three.", ["6.0"]), (("result",), "It is two.", ["4.2", "5.2"])]
    assert found[1].failure == replace(FAILURE, reproduce="two")


def test_a_reason_is_told_once_for_all_checks(
    catalogue: Catalogue, make_column_results: Callable[..., Results]
) -> None:
    """An operation that is absent is absent for each check in the same words."""
    cells = [f"queryset.acount:{name}" for name in ("result", "sql", "committed")]
    report = tabulate([make_column_results(dict.fromkeys(cells, "absent"))], catalogue)
    (found,) = grouped(report.rows[0])
    assert (found.checks, found.failure) == (("result", "sql", "committed"), None)


def test_an_example_is_shown_once_the_newest_first(measure: Measure) -> None:
    """Releases that had the same example share it; a workaround's code is told by itself."""
    other = replace(SHOWN, code=("1", "2"), source="async def f(): ...")
    report = measure(
        {
            "4.2.30": Measured(CELL, "pass", shown=other),
            "5.2.8": Measured(CELL, "pass", shown=SHOWN),
            "6.1.1": Measured(CELL, "pass", shown=SHOWN),
        }
    )
    shown = examples_shown(report.rows[0])
    assert [(each.shown, [c.series for c in each.columns]) for each in shown] == [
        (SHOWN, ["5.2", "6.1"]),
        (other, ["4.2"]),
    ]
    assert sources_shown(report.rows[0]) == ("async def f(): ...",)


@pytest.mark.parametrize(
    ("evidence", "shown", "told"),
    [
        ({"hops": 1, "threads": ["executor"], "statements": 9}, SHOWN, ("handed over to a thread", "1", "1")),
        ({"hops": 0, "threads": [], "statements": 0}, None, ("natively", "0", "0")),
        (
            {"hops": 3, "threads": [], "statements": 9},
            None,
            ("handed over to a thread", "at most 3", "9 in all examples"),
        ),
        ({"hops": 0, "threads": ["event loop"]}, None, ("natively, on the loop's thread", "0", "0")),
    ],
)
def test_how_it_runs_is_told_by_release(
    evidence: dict[str, Any], shown: Shown | None, told: tuple[str, ...], measure: Measure
) -> None:
    """Natively or handed over, how often, with how many statements."""
    (line,) = running(*_first(measure({"5.2.8": Measured(CELL, "pass", examples=5, evidence=evidence, shown=shown)})))
    values = dict(zip(HEADINGS, line.values, strict=True))
    assert (line.django, values["Runs"], values["Hand-overs"], values["Statements"]) == ("5.2.8", *told)


def test_what_no_example_ran_has_no_way_of_running(measure: Measure) -> None:
    """Where the operation is absent, there is nothing to tell."""
    assert running(*_first(measure({"5.2.8": Measured(CELL, "absent", reason="no acount")}))) == ()


@pytest.mark.parametrize(("finished", "told"), [(0, "all or nothing"), (1, "all or nothing; it may still take effect")])
def test_cancellation_is_a_property(finished: int, told: str, catalogue: Catalogue, measure: Measure) -> None:
    """That a cancelled call takes effect is told as what holds of it, and is no fault."""
    evidence = {"hops": 1, "cancellations": 2, "finished_after_cancel": finished}
    report = measure({"5.2.8": Measured(CELL, "pass", examples=5, evidence=evidence)})
    row = report.rows[0]
    (result,) = row.results
    cancelled = replace(dict(result.checks)["result"], cell=Cell("queryset.acount", "cancelled"))  # type: ignore[type-var]
    judged = replace(row, results=(replace(result, checks=(*result.checks, ("cancelled", cancelled))),))
    (line,) = running(report, judged)
    assert dict(zip(HEADINGS, line.values, strict=True))["When cancelled"] == told


def test_a_failure_reads_in_the_readers_terms(
    tmp_path: Any, catalogue: Catalogue, make_column_results: Callable[..., Results]
) -> None:
    """Its page has the code, the rows as a table, the difference with its signs, the statements beside each other."""
    planned = make_column_results({str(CELL): None}, catalogue=catalogue.hash)
    results = replace(planned, cells=(Measured(CELL, "silent", failure=FAILURE, shown=SHOWN),), complete=True)
    render_html([results], catalogue, tmp_path)
    text = (tmp_path / "entries" / "queryset.acount.html").read_text("utf-8")
    for words in (
        "<code>await Post.objects.acount()</code>",
        "<caption>Post</caption>",
        "<del>- 1</del>\n<ins>+ 2</ins>",
        '<code>—</code></td><td role="cell" data-label="Asynchronous"><code>SELECT 2</code>',
        "Both sides sent the same.",
        "silently wrong in 5.2.8",
    ):
        assert words in text


def _first(report: Report) -> tuple[Report, Any]:
    return report, report.rows[0]
