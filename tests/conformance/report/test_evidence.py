"""How an operation runs, told once where all environments agree."""

from __future__ import annotations

from collections.abc import Callable

from conformance.case import Cell, Measured
from conformance.catalogue import Catalogue
from conformance.environment import Environment
from conformance.report.aggregate import tabulate
from conformance.report.evidence import observations, places
from conformance.results import Results

CELL = Cell("queryset.acount", "result")


def test_values_that_agree_are_told_once(
    catalogue: Catalogue,
    make_column_results: Callable[..., Results],
    make_environment: Callable[..., Environment],
) -> None:
    """One value in all environments is one item; a value that differs is one item each, with its columns."""
    parts = []
    for django, statements in (("4.2.30", 1), ("5.2.8", 2), ("6.1.1", 1)):
        planned = make_column_results({str(CELL): None}, make_environment(django=django))
        measured = Measured(CELL, "pass", evidence={"threads": ["MainThread"], "statements": statements})
        parts.append(Results(**{**vars(planned), "cells": (measured,), "complete": True}))
    report = tabulate(parts, catalogue)
    told = [(one.name, one.value, places(report, one.columns), one.everywhere) for one in observations(report.rows[0])]
    assert told == [
        ("statements", 1, "PostgreSQL 4.2, 6.1", False),
        ("statements", 2, "PostgreSQL 5.2", False),
        ("threads", ["MainThread"], "PostgreSQL", True),
    ]


def test_nothing_observed_is_nothing_told(catalogue: Catalogue, make_column_results: Callable[..., Results]) -> None:
    """A cell without a result has no evidence, and that is no error."""
    report = tabulate([make_column_results({str(CELL): None})], catalogue)
    assert observations(report.rows[0]) == ()
