"""Read result files, and say clearly what is wrong with a broken one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from conformance.case import NOT_MADE, Cell, ExitCode, Measured, SuiteError
from conformance.environment import Environment
from conformance.results.backup import is_backup
from conformance.results.lines import broken, read_records
from conformance.results.matrix_file import read_matrix, taken_over, unmeasured
from conformance.results.model import Results
from conformance.results.records import Record, measured_from


def read_results(path: Path) -> Results:
    """One result file. A last line that was cut short is left out and makes the file partial.

    Several `plan` records are one plan. Raises `SuiteError`: incomplete for a file that was interrupted before its
    first record, bad input with the line for anything that is not a result file.
    """
    records, whole = read_records(path)
    if not records:
        raise _nothing(path)
    _check_order(path, records)
    run = records[0]
    planned = planned_cells(records)
    cells = _with_reused(
        _without_superseded([measured_from(item) for item in records if item["type"] == "cell"]), records
    )
    arrived = {measured.cell for measured in cells}
    return Results(
        environment=Environment.from_dict(run["environment"]),
        seed=run["seed"],
        profile=run["profile"],
        suite=run["suite"],
        catalogue=run["catalogue"],
        planned=planned,
        cells=cells,
        complete=whole and records[-1]["type"] == "end" and arrived.issuperset(planned),
        source=str(path),
        entries=_entries(records),
    )


def read_folder(folder: Path) -> list[Results]:
    """Every result file of a folder, by Django version and database; a file's own path works too.

    Files that were set aside (`*.old-N.jsonl`) are left out. Columns that the folder's matrix planned and that have no
    file are there as well, with no cell measured. Raises `SuiteError` (incomplete) if nothing is there.
    """
    if folder.is_file():
        return [read_results(folder)]
    try:
        paths = sorted(path for path in folder.glob("*.jsonl") if not is_backup(path))
    except OSError as error:
        raise _nowhere(folder, f": {error.strerror}") from error
    matrix = read_matrix(folder)
    missing = list(unmeasured(matrix, folder)) if matrix else []
    if not paths and not missing:
        raise _nowhere(folder, "")
    found = [*(taken_over(read_results(path), matrix) for path in paths), *missing]
    return sorted(found, key=lambda results: results.environment.version_key)


def planned_cells(records: list[Record]) -> tuple[Cell, ...]:
    """The union of the plans, in the order of the file."""
    texts = (text for record in records if record["type"] == "plan" for text in record["cells"])
    return tuple(dict.fromkeys(Cell.parse(text) for text in texts))


def _entries(records: list[Record]) -> dict[str, str]:
    """The newest digests: a plan that comes later is of a run that measured what it names."""
    digests = (record.get("entries", {}) for record in records if record["type"] == "plan")
    return {name: digest for each in digests for name, digest in each.items()}


def _without_superseded(cells: list[Measured]) -> tuple[Measured, ...]:
    """An attempt that could not be made says nothing of its cell once a later run has made it."""
    last = {measured.cell: number for number, measured in enumerate(cells)}
    return tuple(
        measured
        for number, measured in enumerate(cells)
        if measured.verdict not in NOT_MADE or number == last[measured.cell]
    )


def _with_reused(cells: tuple[Measured, ...], records: list[Record]) -> tuple[Measured, ...]:
    """What a later plan found in the file is from an earlier run."""
    kept = {text for record in records if record["type"] == "plan" for text in record.get("kept", ())}
    return tuple(replace(measured, reused=True) if str(measured.cell) in kept else measured for measured in cells)


def _check_order(path: Path, records: list[Record]) -> None:
    """A `run` record, once and first; no result before a plan that names its cell."""
    if records[0]["type"] != "run":
        raise broken(path, 1, "it does not begin with a `run` record")
    planned: set[str] = set()
    for number, record in enumerate(records[1:], start=2):
        if record["type"] == "run":
            raise broken(path, number, "a second `run` record: two runs are in one file")
        if record["type"] == "plan":
            planned.update(record["cells"])
        elif record["type"] == "cell" and record["cell"] not in planned:
            raise broken(path, number, f"no plan before it names {record['cell']}, of which it is a result")


def _nothing(path: Path) -> SuiteError:
    return SuiteError(
        f"{path} is empty: the run was interrupted before its first record.",
        "Measure again: the same command goes on in this file.",
        ExitCode.INCOMPLETE,
    )


def _nowhere(folder: Path, problem: str) -> SuiteError:
    return SuiteError(
        f"There are no results in {folder}{problem}.",
        "Measure first with `async-orm-conformance matrix`, or name the folder that has the results.",
        ExitCode.INCOMPLETE,
    )
