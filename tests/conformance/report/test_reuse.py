"""Results that the last run took over from an earlier one are marked as such, with the day of their measurement."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.catalogue import Catalogue
from conformance.report import render_html, render_json, render_markdown
from conformance.report.aggregate import tabulate
from conformance.results import Results

DAY, LATER = "2026-11-20", "2026-11-22"
CELLS = {"queryset.acount:result": "pass", "queryset.acount:sql": "pass", "queryset.acount:committed": "fail"}


@pytest.fixture
def taken_over(
    make_column_results: Callable[..., Results], catalogue: Catalogue
) -> Callable[[list[str | None]], list[Results]]:
    """Three cells of one environment: of each the day on which an earlier run measured it, None for a new one."""

    def make(days: list[str | None]) -> list[Results]:
        fresh = make_column_results(CELLS, catalogue=catalogue.hash)
        pairs = zip(fresh.cells, days, strict=True)
        cells = (replace(cell, day=LATER if day is None else day, reused=day is not None) for cell, day in pairs)
        return [replace(fresh, cells=tuple(cells))]

    return make


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ([None, None, None], []),
        ([DAY, DAY, DAY], [f"all results were reused from an earlier run, measured on {DAY}"]),
        ([DAY, None, None], [f"1 of 3 results were reused from an earlier run, measured on {DAY}"]),
        ([DAY, LATER, None], [f"2 of 3 results were reused from an earlier run, measured from {DAY} to {LATER}"]),
        (["", "", ""], ["all results were reused from an earlier run, measured on a day that nobody noted"]),
    ],
)
def test_a_column_says_what_of_it_was_reused(
    days: list[str | None], said: list[str], taken_over: Callable[..., list[Results]], catalogue: Catalogue
) -> None:
    """All or some of it, and when it was measured; nothing where everything is new."""
    assert [remark for _, remark in tabulate(taken_over(days), catalogue).remarks] == said


def test_the_pages_say_it_in_words(
    taken_over: Callable[..., list[Results]], catalogue: Catalogue, tmp_path: Path
) -> None:
    """In the head of the column, below the counts, on the page of the runs cell by cell, and on the entry's page."""
    render_html(taken_over([DAY, None, None]), catalogue, tmp_path)
    index, runs, entry = (
        " ".join((tmp_path / name).read_text("utf-8").split())
        for name in ("index.html", "runs.html", "entries/queryset.acount.html")
    )
    assert "<small>partly reused</small>" in index
    assert f"1 of 3 results were reused from an earlier run, measured on {DAY}" in index
    assert "<dt>Measured</dt><dd>from 2026-11-20 to 2026-11-22</dd>" in runs
    assert "<li><code>queryset.acount:result</code></li>" in runs
    assert f"Reused from an earlier run: Django 5.2 on PostgreSQL (1 of 3, measured on {DAY})." in entry


def test_what_is_new_is_not_marked(
    taken_over: Callable[..., list[Results]], catalogue: Catalogue, tmp_path: Path
) -> None:
    """No page speaks of it; that of the runs says when everything was measured."""
    render_html(taken_over([None, None, None]), catalogue, tmp_path)
    assert not [path.name for path in tmp_path.rglob("*.html") if "reused" in path.read_text("utf-8").lower()]
    assert f"<dd>on {LATER}</dd>" in (tmp_path / "runs.html").read_text("utf-8")


def test_other_programs_are_told_by_day(taken_over: Callable[..., list[Results]], catalogue: Catalogue) -> None:
    """In the JSON each cell stands under its day; Markdown has the sentence of the page."""
    found = taken_over([DAY, "", None])
    (environment,) = json.loads(render_json(found, catalogue))["environments"]
    assert environment["reused"] == {DAY: ["queryset.acount:result"], "unknown": ["queryset.acount:sql"]}
    assert "2 of 3 results were reused from an earlier run" in render_markdown(found, catalogue)
    (fresh,) = json.loads(render_json(taken_over([None, None, None]), catalogue))["environments"]
    assert "reused" not in fresh
