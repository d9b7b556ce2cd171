"""What a matrix planned: `matrix.json` beside the result files, so that a column that never began is not forgotten.

A column stands for one Django on one database, with one asgiref. Its result file can be named only once its worker has
said in which environment it measures; until then, the column's cells are `unknown`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from conformance.case import Cell, ExitCode, Failure, Measured, SchemaChecker, SuiteError
from conformance.environment import Environment
from conformance.results.disk import refused, write_atomically
from conformance.results.model import Results

FILE_NAME = "matrix.json"
# What is known of a column's result file.
_OF_FILE = ("file", "inputs", "output", "reused")
_UNKNOWN = "?"


@dataclass(frozen=True)
class ColumnState:
    """`django` as it was asked for (`5.2`), `database` by the name of its way, `asgiref` empty for the newest.

    `state` is `planned` (not begun), `begun` (its results are in `file`), `failed` (its worker could not start) or
    `left_out` (it cannot be measured here and nobody insists); the last two have a `reason`. `axes` are the fields of
    its `Environment` that are known from the start. `inputs` tells what went into the results of `file`, and `output`
    is its checksum if all of them were measured. `reused` says that the last matrix that asked for the column took its
    results over, and measured nothing of it.
    """

    django: str
    database: str
    state: str = "planned"
    file: str = ""
    reason: str = ""
    asgiref: str = ""
    inputs: str = ""
    output: str = ""
    reused: bool = False
    axes: dict[str, Any] = field(default_factory=dict, hash=False)

    @property
    def key(self) -> tuple[str, str, str]:
        """What was asked for: Django, asgiref and the database's name."""
        return self.django, self.asgiref, self.database

    @property
    def title(self) -> str:
        """For people."""
        asgiref = f" with asgiref {self.asgiref}" if self.asgiref else ""
        return f"Django {self.django}{asgiref} on {self.database}"

    def keeping(self, earlier: ColumnState) -> ColumnState:
        """This state; a file that is known from an earlier one stays, with what went into it."""
        return self if self.file else replace(self, **{name: getattr(earlier, name) for name in _OF_FILE})


@dataclass(frozen=True)
class PlannedMatrix:
    """The columns of a results folder, and the run that they all belong to.

    `cells` are those of every column: what `only` selects, or the share of it that `shard` (`2/8`) is.
    """

    suite: str
    catalogue: str
    seed: int
    profile: str
    runner: str
    cells: tuple[Cell, ...]
    columns: tuple[ColumnState, ...]
    only: tuple[str, ...] = ()
    shard: str = ""

    def merged_into(self, earlier: PlannedMatrix | None) -> PlannedMatrix:
        """With the columns that an earlier matrix of the same run planned and this one does not ask for."""
        if earlier is None or not self.is_same_run(earlier):
            return self
        known = {column.key: column for column in earlier.columns}
        again = tuple(column.keeping(known.pop(column.key, column)) for column in self.columns)
        return replace(self, columns=(*known.values(), *again))

    def is_same_run(self, other: PlannedMatrix) -> bool:
        """Whether the columns of both can be compared, and have the same share."""
        return replace(other, cells=(), columns=(), only=()) == replace(self, cells=(), columns=(), only=())

    def covers(self, other: PlannedMatrix) -> bool:
        """Whether it has planned all of the other's cells."""
        return set(self.cells).issuperset(other.cells)

    def with_column(self, column: ColumnState) -> PlannedMatrix:
        """With this state of a column in place of the one that it had; a file that it had stays its own."""
        columns = (column.keeping(old) if old.key == column.key else old for old in self.columns)
        return replace(self, columns=tuple(columns))


def matrix_schema() -> dict[str, Any]:
    """The JSON Schema of `matrix.json`."""
    schema: dict[str, Any] = json.loads((files("conformance.results") / "matrix.schema.json").read_text("utf-8"))
    return schema


def read_matrix(folder: Path) -> PlannedMatrix | None:
    """What the folder's matrix planned; None where there was none. Raises `SuiteError` (bad input) if it is broken."""
    path = folder / FILE_NAME
    try:
        data = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise _broken(path, str(error)) from error
    if problem := SchemaChecker(matrix_schema()).problem(data):
        raise _broken(path, problem)
    cells = tuple(map(Cell.parse, data["cells"]))
    columns = tuple(ColumnState(**column) for column in data["columns"])
    return PlannedMatrix(**{**data, "cells": cells, "columns": columns, "only": tuple(data["only"])})


def write_matrix(matrix: PlannedMatrix, folder: Path) -> None:
    """Write it at once or not at all. Raises `SuiteError` (harness) if that cannot be."""
    path = folder / FILE_NAME
    data = {**asdict(matrix), "cells": [str(cell) for cell in matrix.cells]}
    content = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    try:
        write_atomically(path, content.encode())
    except OSError as error:
        raise refused(path, error.strerror or str(error)) from error


def unmeasured(matrix: PlannedMatrix, folder: Path) -> Iterator[Results]:
    """The columns without a result file: every cell `unknown`, or `setup_error` where the worker could not start."""
    for column in matrix.columns:
        has_results = column.file and (folder / column.file).exists()
        if column.state != "left_out" and not has_results:
            yield _results(matrix, column, folder)


def taken_over(results: Results, matrix: PlannedMatrix | None) -> Results:
    """The results of a file, each marked as reused where the matrix took the whole column over from an earlier run."""
    name = Path(results.source).name
    if matrix is None or not any(column.reused and column.file == name for column in matrix.columns):
        return results
    return replace(results, cells=tuple(replace(measured, reused=True) for measured in results.cells))


def _results(matrix: PlannedMatrix, column: ColumnState, folder: Path) -> Results:
    failed = column.state == "failed"
    failure = Failure(column.reason)
    return Results(
        environment=_environment(column, matrix.runner),
        seed=matrix.seed,
        profile=matrix.profile,
        suite=matrix.suite,
        catalogue=matrix.catalogue,
        planned=matrix.cells,
        cells=tuple(Measured(cell, "setup_error", failure=failure) for cell in matrix.cells) if failed else (),
        complete=failed,
        source=f"{folder / FILE_NAME}, {column.title}",
    )


def _environment(column: ColumnState, runner: str) -> Environment:
    """What is known of it. Two columns are two environments from the start, also before either has begun."""
    unknown = dict.fromkeys(("asgiref", "python", "server_version", "driver", "driver_version", "variant"), _UNKNOWN)
    known = {"django": column.django, "vendor": column.database, "pooled": False, "conn_max_age": None}
    return Environment.from_dict({**unknown, **known, "runner": runner, **column.axes})


def _broken(path: Path, problem: str) -> SuiteError:
    return SuiteError(
        f"{path} is not the plan of a matrix: {problem}.",
        "Delete it, and run `matrix` again: it measures only what is missing.",
        ExitCode.BAD_INPUT,
    )
