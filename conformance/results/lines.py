"""From the bytes of a result file to its records, each checked against the schema of its type."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from conformance.case import ExitCode, SchemaChecker, SuiteError, Verdict
from conformance.results.model import SCHEMA_VERSION, results_schema
from conformance.results.records import Record

TYPES = ("run", "plan", "cell", "end")
# A cell without an example. Its verdict is looked at in any case, and its failure, if there is one.
_PLAIN: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("type", "cell", "verdict", "reason"), (str,)),
    **dict.fromkeys(("attempt", "examples"), (int,)),
    "evidence": (dict,),
    "failure": (type(None), dict),
    "duration_ms": (int, float),
}
_CELL = re.compile(r"[a-z0-9_.]+:[a-z0-9_]+")
_DIGEST = re.compile(r"[0-9a-f]+")


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
    problem = None if _looks_right(kind, record) else _checker(kind).problem(record)
    if problem is not None:
        return f"the `{kind}` record: {problem}"
    return _impossible(record) if kind == "cell" else None


def _looks_right(kind: str, record: Record) -> bool:
    return (kind == "cell" and _is_plain(record)) or (kind == "plan" and _is_plan(record))


def _is_plan(record: Record) -> bool:
    cells, entries = record.get("cells"), record.get("entries", {})
    return (
        record.keys() <= {"type", "cells", "entries"}
        and isinstance(cells, list)
        and all(isinstance(cell, str) and _CELL.fullmatch(cell) for cell in cells)
        and isinstance(entries, dict)
        and all(isinstance(digest, str) and _DIGEST.fullmatch(digest) for digest in entries.values())
    )


def _is_plain(record: Record) -> bool:
    """Whether the schema holds at the first look: a file has thousands of cells, and the schema takes its time."""
    if "shown" in record:
        record = {**record}
        if not _is_shown(record.pop("shown")):
            return False
    return (
        record.keys() == _PLAIN.keys()
        and all(type(record[name]) in types for name, types in _PLAIN.items())
        and (record["failure"] is None or _is_failure(record["failure"]))
        and _CELL.fullmatch(record["cell"]) is not None
        and record["verdict"] != "unknown"
        and record["attempt"] >= 1
        and record["examples"] >= 0
        and record["duration_ms"] >= 0
    )


def _is_shown(shown: Any) -> bool:
    kinds = {"code": _texts, "rows": _tables, "sql": _rows, "threads": _texts, "hops": _count, "source": _text}
    return isinstance(shown, dict) and shown.keys() == kinds.keys() and all(kinds[name](shown[name]) for name in kinds)


def _is_failure(failure: dict[str, Any]) -> bool:
    kinds = _failure_kinds()
    return "message" in failure and all(name in kinds and kinds[name](value) for name, value in failure.items())


@cache
def _failure_kinds() -> dict[str, Callable[[Any], bool]]:
    texts = ("message", "expected", "observed", "difference", "example", "server", "stack", "reproduce", "script")
    return {**dict.fromkeys(texts, _text), "rows": _tables, "sql": _texts, "twin_sql": _texts}


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_text, value))


def _rows(value: Any) -> bool:
    return isinstance(value, list) and all(map(_texts, value))


def _count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _tables(value: Any) -> bool:
    kinds = {"model": _text, "columns": _texts, "rows": _rows}
    return isinstance(value, list) and all(
        isinstance(table, dict)
        and table.keys() == kinds.keys()
        and all(check(table[name]) for name, check in kinds.items())
        for table in value
    )


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
