"""Since which release an entry is as it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.catalogue import Catalogue
from conformance.environment import Environment
from conformance.report.aggregate import tabulate
from conformance.report.ranges import range_rows
from conformance.results import Results

CELLS = tuple(f"queryset.acount:{name}" for name in ("result", "sql", "committed"))
MakeEnvironment = Callable[..., Environment]
MakeResults = Callable[..., Results]


@pytest.mark.parametrize(
    ("measured", "summary"),
    [
        ({"5.2.8": "pass"}, "right in 5.2.8"),
        ({"4.2.30": "pass", "6.1.1": "pass"}, "right in 4.2.30 to 6.1.1"),
        ({"5.0.2": "silent", "5.0.3": "pass", "6.1.1": "pass"}, "right since 5.0.3"),
        ({"4.2.30": "absent", "5.0": "pass"}, "right since 5.0"),
        ({"5.2.9": "pass", "6.0": "silent"}, "silently wrong since 6.0"),
        ({"4.2.30": "absent", "5.2.8": "pass"}, "right since 5.2.8 or earlier"),
        ({"5.0.2": "pass", "5.0.9": "fail"}, "wrong since 5.0.9 or earlier"),
    ],
)
def test_the_newest_range_is_told_in_short(
    measured: dict[str, str],
    summary: str,
    catalogue: Catalogue,
    make_environment: MakeEnvironment,
    make_column_results: MakeResults,
) -> None:
    """It begins with a release that was measured, `or earlier` where releases before it were not."""
    parts = [
        make_column_results(dict.fromkeys(CELLS, verdict), make_environment(django=django))
        for django, verdict in measured.items()
    ]
    (line,) = range_rows(tabulate(parts, catalogue).rows[0])
    assert (line.label, line.summary) == ("PostgreSQL", summary)


def test_databases_and_ways_to_them_have_rows_of_their_own(
    catalogue: Catalogue, make_environment: MakeEnvironment, make_column_results: MakeResults
) -> None:
    """What is compared in one row is the same but for versions; several asgirefs of one release are named."""
    parts = [
        make_column_results(dict.fromkeys(CELLS, verdict), make_environment(pooled=pooled, asgiref=asgiref))
        for pooled, asgiref, verdict in [(False, "3.8.1", "fail"), (False, "3.10.0", "pass"), (True, "3.10.0", "pass")]
    ]
    rows = range_rows(tabulate(parts, catalogue).rows[0])
    assert [(line.label, line.summary) for line in rows] == [
        ("PostgreSQL, Pool no", "right since 5.2.8 (asgiref 3.10.0)"),
        ("PostgreSQL, Pool yes", "right in 5.2.8"),
    ]


def test_what_was_not_selected_has_no_range(catalogue: Catalogue, make_column_results: MakeResults) -> None:
    """Nothing measured is no row."""
    report = tabulate([make_column_results({CELLS[0]: "pass"})], catalogue)
    assert range_rows(report.rows[1]) == ()
