"""Read result files, and say clearly what is wrong with a broken one."""

from __future__ import annotations

import json
from pathlib import Path

from conformance.case import Cell, ExitCode, Measured, SuiteError
from conformance.environment import Environment
from conformance.results.model import Results, results_schema
from conformance.results.records import Record, measured_from


def read_results(path: Path) -> Results:
    """One result file. A last line that was cut short is left out and makes the file partial.

    Raises `SuiteError` (bad input) with the file and the line for anything else that is not a result file.
    """
    records = _records(path)
    if not records or records[0]["type"] != "run":
        raise _broken(path, 1, "it does not begin with a `run` record")
    if len(records) < 2 or records[1]["type"] != "plan":
        raise _broken(path, 2, "the `plan` record is missing after `run`")
    run, plan = records[:2]
    planned = tuple(Cell.parse(text) for text in plan["cells"])
    cells = tuple(measured_from(record) for record in records[2:] if record["type"] == "cell")
    _check_planned(path, planned, cells)
    arrived = {measured.cell for measured in cells}
    return Results(
        environment=Environment.from_dict(run["environment"]),
        seed=run["seed"],
        profile=run["profile"],
        suite=run["suite"],
        catalogue=run["catalogue"],
        planned=planned,
        cells=cells,
        complete=records[-1]["type"] == "end" and arrived.issuperset(planned),
        source=str(path),
    )


def read_folder(folder: Path) -> list[Results]:
    """Every `*.jsonl` file of a folder, by Django version and database; a file's own path works too.

    Raises `SuiteError` (incomplete) if there is none.
    """
    paths = [folder] if folder.is_file() else sorted(folder.glob("*.jsonl"))
    if not paths:
        raise SuiteError(
            f"There are no results in {folder}.",
            "Measure first: `async-orm-conformance matrix`, or name the folder with --results.",
            ExitCode.INCOMPLETE,
        )
    return sorted((read_results(path) for path in paths), key=lambda results: results.environment.version_key)


def _records(path: Path) -> list[Record]:
    from jsonschema import Draft202012Validator

    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _broken(path, 1, f"it cannot be read: {error}") from error
    lines = text.split("\n")
    lines.pop()  # empty after a complete last line, else the start of a record that never arrived in full
    validator = Draft202012Validator(results_schema())
    records = []
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            raise _broken(path, number, f"it is not JSON: {error}") from error
        problem = next(validator.iter_errors(record), None)
        if problem is not None:
            raise _broken(path, number, problem.message)
        records.append(record)
    return records


def _check_planned(path: Path, planned: tuple[Cell, ...], cells: tuple[Measured, ...]) -> None:
    unplanned = {measured.cell for measured in cells} - set(planned)
    if unplanned:
        raise _broken(path, 2, f"the plan does not name {min(unplanned)}, for which there is a result")


def _broken(path: Path, line: int, problem: str) -> SuiteError:
    return SuiteError(
        f"{path} is not a result file of this suite: line {line}: {problem}.",
        "Delete the file and measure again, or merge only files that `run` and `matrix` wrote.",
        ExitCode.BAD_INPUT,
    )
