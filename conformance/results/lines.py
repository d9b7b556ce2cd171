"""From the bytes of a result file to its records, each checked against the schema of its type."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

from conformance.case import ExitCode, SchemaChecker, SuiteError, Verdict
from conformance.results.model import SCHEMA_VERSION, results_schema
from conformance.results.records import Record

TYPES = ("run", "plan", "cell", "end")


def read_records(path: Path) -> tuple[list[Record], bool]:
    """The records of the complete lines, and whether the file ends with one.

    Raises `SuiteError` (bad input) with the line for whatever is not a record.
    """
    # Split before decoding: an interruption may have cut the last line inside of a character.
    *lines, rest = _content(path).split(b"\n")
    records = [_record(path, number, line) for number, line in enumerate(lines, start=1)]
    _check_sums(path, lines, records)
    return records, not rest


def broken(path: Path, line: int, problem: str) -> SuiteError:
    """The error for a file that nobody wrote with this suite, or that was changed since."""
    return SuiteError(
        f"{path} is not a result file of this suite: line {line}: {problem}.",
        "Delete the file and measure again, or name only files that `run`, `matrix` and `merge` wrote.",
        ExitCode.BAD_INPUT,
    )


def _check_sums(path: Path, lines: list[bytes], records: list[Record]) -> None:
    """Each `end` knows what stood before it."""
    digest = hashlib.sha256()
    for number, (line, record) in enumerate(zip(lines, records, strict=True), start=1):
        if record["type"] == "end" and record["sha256"] != digest.hexdigest():
            raise broken(path, number, "what stands before it was changed after it was written")
        digest.update(line + b"\n")


def _content(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise _unreadable(path, "it is not a file" + (" but a folder" if path.is_dir() else ""))
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error


def _unreadable(path: Path, problem: str) -> SuiteError:
    return SuiteError(
        f"The results in {path} cannot be read: {problem}.",
        "Name a result file, or a folder of them, that you may read.",
        ExitCode.BAD_INPUT,
    )


def _record(path: Path, number: int, line: bytes) -> Record:
    try:
        record = json.loads(line.decode())
    except UnicodeDecodeError as error:
        raise broken(path, number, "it is not UTF-8 text") from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise broken(path, number, f"it is not JSON: {error}") from error
    problem = _problem(record)
    if problem is not None:
        raise broken(path, number, problem)
    checked: Record = record
    return checked


def _problem(record: object) -> str | None:
    if not isinstance(record, dict):
        return "it is not a JSON object"
    kind = record.get("type")
    if kind not in TYPES:
        return f"its type is {kind!r}, not one of {', '.join(TYPES)}"
    if kind == "run" and record.get("schema") != SCHEMA_VERSION:
        return f"it has the schema {record.get('schema')!r} and this suite reads {SCHEMA_VERSION}"
    problem = _checker(kind).problem(record)
    if problem is not None:
        return f"the `{kind}` record: {problem}"
    return _impossible(record) if kind == "cell" else None


def _impossible(record: Record) -> str | None:
    try:
        Verdict.parse(record["verdict"])
    except ValueError as error:
        return f"the `cell` record: {error}"
    return None


@cache
def _checker(kind: str) -> SchemaChecker:
    # One schema a type: the `oneOf` of the whole would answer for every type that the record is not.
    return SchemaChecker({"$ref": f"#/$defs/{kind}", "$defs": results_schema()["$defs"]})
