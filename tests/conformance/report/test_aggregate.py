"""Verdicts of checks become verdicts of entries in one way only."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.case import Cell, Measured, SuiteError
from conformance.catalogue import Catalogue, load_catalogue
from conformance.environment import Environment
from conformance.report.aggregate import Report, tabulate
from conformance.results import Results

ENTRY = "queryset.acount"
MakeResults = Callable[..., Results]
MakeEnvironment = Callable[..., Environment]


def verdict_of(report: Report, entry: str = ENTRY) -> str:
    row = next(row for row in report.rows if row.entry.id == entry)
    return str(row.results[0].verdict)


@pytest.mark.parametrize(
    ("checks", "expected"),
    [
        ({"result": "pass", "sql": "pass", "committed": "pass"}, "pass"),
        ({"result": "pass", "sql": "fail", "committed": "silent"}, "silent"),
        ({"result": "pass", "sql": None, "committed": "pass"}, "unknown"),
        ({"result": "loud", "sql": None, "committed": "pass"}, "unknown"),
        ({"result": "fail", "sql": None, "committed": "pass"}, "fail"),
        ({"result": "n/a", "sql": "pass", "committed": "n/a"}, "pass"),
    ],
)
def test_an_entry_has_the_worst_verdict_of_its_checks(
    checks: dict[str, str | None], expected: str, catalogue: Catalogue, make_column_results: MakeResults
) -> None:
    """The worst child decides, and a planned cell without a result is unknown."""
    results = make_column_results({f"{ENTRY}:{name}": verdict for name, verdict in checks.items()})
    assert verdict_of(tabulate([results], catalogue)) == expected


def test_what_was_not_selected_has_no_verdict(catalogue: Catalogue, make_column_results: MakeResults) -> None:
    """An entry of which nothing was planned has no verdict and is not counted, least of all as a pass."""
    report = tabulate([make_column_results({f"{ENTRY}:result": "pass"})], catalogue)
    assert verdict_of(report, "model.asave") == "None"
    assert (report.counts()["pass"], report.counts().of) == (1, 1)
    assert report.unselected == len(catalogue.entries) - 1


def test_an_entry_in_part_says_so(catalogue: Catalogue, make_column_results: MakeResults) -> None:
    """Where only some checks were selected, the entry's verdict is marked as that of a part."""
    report = tabulate([make_column_results({f"{ENTRY}:result": "pass"})], catalogue)
    result = report.rows[0].results[0]
    assert (result.whole, result.selected, report.has_parts) == (False, 1, True)


def test_attempts_that_differ_are_flaky(catalogue: Catalogue, make_column_results: MakeResults) -> None:
    """Two files of one environment are one column, and a cell that differs between them is flaky."""
    cells = {f"{ENTRY}:result": "pass"}
    again = make_column_results({f"{ENTRY}:result": "fail"})
    report = tabulate([make_column_results(cells), again], catalogue)
    assert len(report.columns) == 1
    assert verdict_of(report) == "flaky 1/2"


def test_counts_add_up_to_their_denominator(catalogue: Catalogue, results: list[Results]) -> None:
    """The counts of all verdicts sum to the number of selected pairs, over all columns and over each."""
    report = tabulate(results, catalogue)
    for columns in (None, *([column] for column in report.columns)):
        counts = report.counts(columns)
        assert sum(number for _, number in counts.present) == counts.of > 0


def test_the_order_of_the_results_does_not_matter(catalogue: Catalogue, results: list[Results]) -> None:
    """Columns stand by database and Django version, whatever order the files came in."""
    shuffled = random.Random(1).sample(results, len(results))
    labels = [column.label for column in tabulate(shuffled, catalogue).columns]
    assert labels == [column.label for column in tabulate(results, catalogue).columns]
    assert labels[0] == "Django 4.2 on SQLite"


def test_columns_of_one_series_and_database_say_what_differs(
    catalogue: Catalogue, make_column_results: MakeResults, make_environment: MakeEnvironment
) -> None:
    """Environments that share Django series and database are labelled with what tells them apart, no more."""
    environments = [
        make_environment(asgiref="3.8.1"),
        make_environment(asgiref="3.10.0"),
        make_environment(asgiref="3.10.0", driver="psycopg2", driver_version="2.9.10"),
        make_environment(django="6.1.1"),
    ]
    cells = {f"{ENTRY}:result": "pass"}
    columns = tabulate([make_column_results(cells, one) for one in environments], catalogue).columns
    assert len({column.label for column in columns}) == len({column.key for column in columns}) == 4
    assert columns[0].label == "Django 5.2 on PostgreSQL, asgiref 3.8.1, psycopg, Driver version 3.2.9"
    assert (columns[0].key, columns[-1].key, columns[-1].differs) == ("5.2a", "6.1", ())


def test_results_that_the_catalogue_does_not_know_are_told(
    catalogue: Catalogue, make_column_results: MakeResults
) -> None:
    """A result for a check that the catalogue lacks is never dropped in silence."""
    results = make_column_results({f"{ENTRY}:result": "pass", "gone.entry:result": "silent"})
    report = tabulate([results], catalogue)
    assert report.strangers(report.columns[0]) == (Cell("gone.entry", "result"),)
    remarks = [remark for _, remark in report.remarks]
    assert "measured with another catalogue than the one shown" in remarks
    assert "1 of 2 results are for checks that this catalogue does not have" in remarks


def test_a_partial_file_is_told(catalogue: Catalogue, results: list[Results]) -> None:
    """The one interrupted environment says how many of its results are missing."""
    report = tabulate(results, catalogue)
    told = [(column.label, remark) for column, remark in report.remarks]
    assert told == [("Django 6.1 on MariaDB", "partial, 7 of 36 results are missing")]


def test_files_of_one_environment_that_cannot_be_merged_are_refused(
    catalogue: Catalogue, make_column_results: MakeResults
) -> None:
    """Two files of one environment with different catalogues are bad input, not a column chosen at random."""
    cells = {f"{ENTRY}:result": "pass"}
    with pytest.raises(SuiteError, match="catalogue differs"):
        tabulate([make_column_results(cells), make_column_results(cells, None, "1" * 64)], catalogue)


def test_nothing_measured_is_an_empty_report(catalogue: Catalogue) -> None:
    """Without results there are no columns, and every entry is unselected."""
    report = tabulate([], catalogue)
    assert (report.columns, report.databases, report.counts().of) == ((), (), 0)


def test_a_retired_entry_has_a_row_only_where_it_was_measured(tmp_path: Path, make_column_results: MakeResults) -> None:
    """What the catalogue retired disappears, unless an old result still speaks of it."""
    (tmp_path / "old.toml").write_text(
        '[[entry]]\nid = "old.one"\narea = "Old"\nsubject = "operation"\ntitle = "Old"\nlevel = "must"\n'
        'stage = "retired"\nisolation = "rollback"\nspec = ["spec/systems.md#O1"]\n'
        '[entry.checks.result]\noracles = ["model"]\nkills = { defect = "fail" }\n',
        "utf-8",
    )
    catalogue = load_catalogue(tmp_path)
    assert tabulate([], catalogue).rows == ()
    assert len(tabulate([make_column_results({"old.one:result": "pass"})], catalogue).rows) == 1


def test_the_decisive_attempt_is_the_one_that_failed(catalogue: Catalogue, make_column_results: MakeResults) -> None:
    """Of several attempts, the evidence shown is that of the newest that did not pass."""
    results = make_column_results({f"{ENTRY}:result": None})
    cell = Cell(ENTRY, "result")
    attempts = tuple(Measured(cell, verdict, number) for number, verdict in enumerate(("pass", "fail", "pass"), 1))
    column = tabulate([Results(**{**vars(results), "cells": attempts})], catalogue).columns[0]
    measured = column.checks[cell].measured
    assert measured is not None
    assert (measured.verdict, measured.attempt) == ("fail", 2)
