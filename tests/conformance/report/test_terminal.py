"""The matrix in a terminal."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from conformance.catalogue import Catalogue
from conformance.environment import Environment
from conformance.report import render_table
from conformance.results import Results


def printed(results: list[Results], catalogue: Catalogue, width: int = 100, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    console = Console(file=io.TextIOWrapper(raw, encoding=encoding), width=width, color_system=None)
    console.print(render_table(results, catalogue))
    console.file.flush()
    return raw.getvalue().decode(encoding)


def line_of(text: str, entry: str) -> str:
    return next(line for line in text.splitlines() if line.strip().startswith(entry))


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_nothing_is_wider_than_the_terminal(width: int, catalogue: Catalogue, results: list[Results]) -> None:
    """Whatever the width, no line of the matrix passes it."""
    assert max(map(len, printed(results, catalogue, width).splitlines())) <= width


def test_nine_columns_stand_side_by_side_in_a_hundred(catalogue: Catalogue, results: list[Results]) -> None:
    """At 100 columns each operation has one line with nine places; narrower, the columns follow in blocks."""
    text = printed(results, catalogue)
    assert line_of(text, "related.lazy_access").split()[1:] == ["L"] * 9
    assert text.count("queryset.acount") == 1
    assert printed(results, catalogue, 60).count("queryset.acount") > 1


def test_letters_stand_under_their_column(catalogue: Catalogue, results: list[Results]) -> None:
    """What was not selected leaves its places empty and does not move its neighbours."""
    text = printed(results, catalogue)
    head, row = line_of(text, "4.2"), line_of(text, "related.aadd")
    assert row[head.index("4.2") : head.index("4.2") + 15].strip() == ""
    second = head.index("4.2", head.index("4.2") + 3)
    assert row[second : second + 3] == " A "


def test_what_nobody_selected_is_counted_among_all_entries(
    catalogue: Catalogue, make_column_results: Callable[..., Results]
) -> None:
    """Workarounds are among them: they are not all operations."""
    text = printed([make_column_results({"queryset.acount:result": "pass"})], catalogue)
    assert "Not selected anywhere: 11 of 12 entries" in text


def test_counts_have_denominators(catalogue: Catalogue, results: list[Results]) -> None:
    """Below the matrix each verdict stands with its count and what it is a count of."""
    text = printed(results, catalogue)
    assert " S  silent " in text
    assert "/96" in text
    assert "Django 6.1 on MariaDB: partial, 7 of 36 results are missing" in text


def test_a_workaround_has_its_word(catalogue: Catalogue, results: list[Results]) -> None:
    """Its letter is a word's, and it is counted beside the operations, not among them."""
    text = printed(results, catalogue)
    assert line_of(text, "workaround.").split()[1:] == ["✓", "?", "✓", "✓", "✓", "✗", "?", "✓", "?"]
    assert "\nWorkarounds\n ✗  unsafe 1/9    ✓  safe 5/9    ?  not measured 3/9" in text


def test_without_workarounds_there_is_no_word(
    catalogue: Catalogue, make_column_results: Callable[..., Results]
) -> None:
    """A run of one operation has no line for them."""
    text = printed([make_column_results({"queryset.acount:result": "pass"})], catalogue)
    assert "P  pass 1/1" in text
    assert "Workarounds" not in text


def test_columns_that_look_alike_are_explained(
    catalogue: Catalogue,
    make_column_results: Callable[..., Results],
    make_environment: Callable[..., Environment],
) -> None:
    """Two environments of one series and database are 5.2a and 5.2b, and a line says what differs."""
    cells = {"queryset.acount:result": "pass"}
    both = [make_column_results(cells, make_environment(asgiref=version)) for version in ("3.8.1", "3.10.0")]
    text = printed(both, catalogue)
    assert "5.2a" in text
    assert "5.2b on PostgreSQL: asgiref 3.10.0" in text


def test_a_terminal_without_unicode_is_served(catalogue: Catalogue, results: list[Results]) -> None:
    """In plain ASCII the matrix prints in full, long names cut with three points."""
    text = printed(results, catalogue, 80, "ascii")
    assert "..." in text
    assert line_of(text, "workaround.").split()[1:] == ["v", "?", "v", "v", "v", "x", "?", "v", "?"]


def test_no_results_print_no_matrix(catalogue: Catalogue) -> None:
    """Without any result the table says zero of zero and does not fail."""
    assert "pass 0/0" in printed([], catalogue)


def test_a_database_with_one_column_has_its_whole_name(catalogue: Catalogue, results: list[Results]) -> None:
    """Each name stands in full above its columns, and the letters stay under them."""
    text = printed([item for item in results if item.environment.django_series == "5.2"], catalogue)
    head = text.splitlines()[0]
    assert head.split() == ["SQLite", "PostgreSQL", "MariaDB"]
    row = line_of(text, "related.lazy_access")
    assert [index for index, letter in enumerate(row) if letter == "L"] == [
        head.index(name) + 1 for name in head.split()
    ]
