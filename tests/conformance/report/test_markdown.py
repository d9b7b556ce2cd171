"""The Markdown report: what a CI's step summary and a README show."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from conformance.case.verdict import SEVERITY
from conformance.catalogue import Catalogue
from conformance.catalogue.words import WORDS
from conformance.report import render_markdown
from conformance.results import Results

CELL_BORDER = re.compile(r"(?<!\\)\|")


def tables(text: str) -> list[list[list[str]]]:
    """The tables of a Markdown text, as rows of cells."""
    blocks = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    return [[[c.strip() for c in CELL_BORDER.split(line)[1:-1]] for line in block.splitlines()] for block in blocks]


def test_there_is_a_column_for_each_environment(catalogue: Catalogue, results: list[Results]) -> None:
    """Nine environments are nine columns, and every row of every table has as many cells as its head."""
    matrix, legend, words, claims = tables(render_markdown(results, catalogue))
    assert matrix[0][1:4] == ["SQLite 4.2", "SQLite 5.2", "SQLite 6.1"]
    assert len(matrix[0]) == 10
    assert all(len(row) == len(table[0]) for table in (matrix, legend, words, claims) for row in table)


def test_verdicts_are_letters_with_a_colour(catalogue: Catalogue, results: list[Results]) -> None:
    """A silent error is red and an S, what was not selected is blank, and a part is starred."""
    matrix = tables(render_markdown(results, catalogue))[0]
    rows = {re.match(r"`([^`]+)`", row[0]).group(1): row[1:] for row in matrix if row[0].startswith("`")}  # type: ignore[union-attr]
    assert rows["transaction.atomic_decorator"][0] == "🟥 S"
    assert rows["related.aadd"][:3] == ["", "", ""]
    assert rows["queryset.aget"][0].endswith("\\*")


def test_the_legend_explains_every_verdict(catalogue: Catalogue, results: list[Results]) -> None:
    """Whoever sees a letter finds its meaning below."""
    legend = tables(render_markdown(results, catalogue))[1]
    assert [row[1] for row in legend[2:]] == list(SEVERITY)


def test_a_workaround_has_its_word(catalogue: Catalogue, results: list[Results]) -> None:
    """In its row, in the counts, and with its rule in the legend."""
    text = render_markdown(results, catalogue)
    (row,) = (row for row in tables(text)[0] if row[0].startswith("`workaround."))
    assert row[1:7] == ["🟩 safe", "⬜ not measured", "🟩 safe", "🟩 safe", "🟩 safe", "🟥 unsafe"]
    assert "Workarounds in their environments: unsafe 1, safe 5, not measured 3 of 9." in text
    assert {row[1] for row in tables(text)[2][2:]} == {*WORDS.values()}


def test_claims_stand_beside_their_answers(catalogue: Catalogue, results: list[Results]) -> None:
    """A claim's row has what the text says, what it predicts, and sign and letter for each environment."""
    claims = {row[0]: row for row in tables(render_markdown(results, catalogue))[3]}
    assert claims["N2"][2] == "absent or loud"
    assert claims["N2"][3] == "✓ ⬛ A"
    assert "does not hold" in render_markdown(results, catalogue)


def test_text_means_itself(catalogue: Catalogue, results: list[Results]) -> None:
    """Markup and pipes of titles and claims are escaped outside code, so no cell moves and nothing is executed."""
    text = render_markdown(results, catalogue)
    assert "&lt;b&gt;\\|&lt;/b&gt;" in text
    assert "<script>" not in text


def test_missing_results_are_told(catalogue: Catalogue, results: list[Results]) -> None:
    """A partial environment is named with the number of its missing results."""
    assert "**Django 6.1 on MariaDB:** partial, 7 of 36 results are missing." in render_markdown(results, catalogue)


def test_rows_that_nobody_selected_are_counted(
    catalogue: Catalogue, make_column_results: Callable[..., Results]
) -> None:
    """A run of one operation lists one row, and says how many there are besides."""
    text = render_markdown([make_column_results({"queryset.acount:result": "pass"})], catalogue)
    assert "Not selected in any environment: 11 of 12 entries." in text
    assert "model.asave`" not in tables(text)[0][-1][0]


def test_the_same_results_give_the_same_text(catalogue: Catalogue, results: list[Results], tmp_path: Path) -> None:
    """Neither the order of the files, nor where they lay, nor how long anything took is in the text."""
    elsewhere = [replace(item, source=str(tmp_path)) for item in reversed(results)]
    assert render_markdown(elsewhere, catalogue) == render_markdown(results, catalogue)
