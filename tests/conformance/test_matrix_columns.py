"""The plan of a matrix on the disk: what it makes of columns that never began, failed, or are left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.case import Cell, SuiteError
from conformance.cli import main
from conformance.results import ColumnState, PlannedMatrix, matrix_schema, read_folder, read_matrix, write_matrix

COUNT, SQL = Cell("queryset.acount", "result"), Cell("queryset.acount", "sql")


def planned(*columns: ColumnState, seed: int = 0) -> PlannedMatrix:
    """A matrix of two cells."""
    return PlannedMatrix("0.1", "h", seed, "ci", "asyncio.run", (COUNT, SQL), columns)


def test_a_plan_is_read_back(tmp_path: Path) -> None:
    """What was written, and nothing where nothing was."""
    matrix = planned(ColumnState("5.2", "sqlite"), ColumnState("6.1", "mariadb", "failed", reason="why"))
    assert read_matrix(tmp_path) is None
    write_matrix(matrix, tmp_path)
    assert read_matrix(tmp_path) == matrix
    assert [path.name for path in tmp_path.iterdir()] == ["matrix.json"]


@pytest.mark.parametrize(
    ("column", "verdict"),
    [
        (ColumnState("5.2", "sqlite"), "unknown"),
        (ColumnState("5.2", "sqlite", "begun", file="deleted.jsonl"), "unknown"),
        (ColumnState("5.2", "sqlite", "failed", reason="no such settings"), "setup_error"),
    ],
)
def test_a_column_without_results_is_not_forgotten(column: ColumnState, verdict: str, tmp_path: Path) -> None:
    """Every planned cell has a verdict that never gates as good."""
    write_matrix(planned(column), tmp_path)
    (results,) = read_folder(tmp_path)
    assert [str(results.verdict(cell)) for cell in results.planned] == [verdict, verdict]
    assert (results.environment.django, results.environment.vendor) == ("5.2", "sqlite")


def test_a_column_that_is_left_out_is_no_result(tmp_path: Path) -> None:
    """A database that nobody insists on leaves no gap."""
    write_matrix(planned(ColumnState("5.2", "mariadb", "left_out", reason="no server")), tmp_path)
    with pytest.raises(SuiteError, match="There are no results in"):
        read_folder(tmp_path)


def test_another_matrix_of_the_same_run_adds_its_columns() -> None:
    """Columns that it does not ask for stay, a known file stays known; another seed begins anew."""
    earlier = planned(ColumnState("4.2", "sqlite"), ColumnState("5.2", "sqlite", "begun", file="x.jsonl"))
    asked = planned(ColumnState("5.2", "sqlite"), ColumnState("6.1", "sqlite"))
    merged = asked.merged_into(earlier)
    assert [(column.django, column.file) for column in merged.columns] == [("4.2", ""), ("5.2", "x.jsonl"), ("6.1", "")]
    another = planned(ColumnState("5.2", "sqlite"), seed=1)
    assert another.merged_into(earlier) == another == another.merged_into(None)


def test_a_broken_plan_is_bad_input_with_a_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Not JSON, or not a plan: 65, and what to do."""
    for text in ("{", '{"columns": []}', "[]"):
        (tmp_path / "matrix.json").write_text(text)
        assert main(["gate", str(tmp_path)]) == 65
        error = capsys.readouterr().err
        assert "matrix.json is not the plan of a matrix" in error
        assert "Delete it, and run `matrix` again" in error


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """The format is documented by the command that documents formats."""
    assert main(["schema", "matrix"]) == 0
    assert json.loads(capsys.readouterr().out) == matrix_schema()
