"""Between records (dicts, one a line) and values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from conformance.case import Cell, Failure, Measured, Shown
from conformance.environment import Environment
from conformance.results.model import SCHEMA_VERSION

Record = dict[str, Any]


def as_line(record: Record) -> bytes:
    """The record as a line of a file. What is not text (half a character from a process's output) becomes `?`."""
    return (json.dumps(record, ensure_ascii=False, sort_keys=True) + "\n").encode("utf-8", "replace")


def run_record(environment: Environment, *, seed: int, profile: str, suite: str, catalogue: str) -> Record:
    """The first record of a file: in what is measured, and what makes two runs comparable."""
    return {
        "type": "run",
        "schema": SCHEMA_VERSION,
        "suite": suite,
        "catalogue": catalogue,
        "seed": seed,
        "profile": profile,
        "environment": environment.as_dict(),
    }


def plan_record(cells: Iterable[Cell], entries: Mapping[str, str] | None = None, kept: Iterable[Cell] = ()) -> Record:
    """Every cell that will be attempted. A file may hold several plans: together they are the plan.

    `entries` are the digests of the entries, so that a later run knows what has changed since. `kept` are the cells
    that the file has from an earlier run.
    """
    planned = tuple(cells)
    known = {cell.entry: entries[cell.entry] for cell in planned if entries and cell.entry in entries}
    more = {"entries": known, "kept": sorted(map(str, kept))}
    return {"type": "plan", "cells": [str(cell) for cell in planned], **{key: of for key, of in more.items() if of}}


def today() -> str:
    """The day, in UTC: `2026-11-20`."""
    return datetime.now(timezone.utc).date().isoformat()


def cell_record(measured: Measured) -> Record:
    """One attempt of a cell."""
    shown = {"shown": measured.shown.as_dict()} if measured.shown else {}
    return {
        "type": "cell",
        "cell": str(measured.cell),
        "verdict": measured.verdict,
        "attempt": measured.attempt,
        "examples": measured.examples,
        "reason": measured.reason,
        "evidence": measured.evidence,
        "failure": measured.failure.as_dict() if measured.failure else None,
        "duration_ms": round(measured.duration_ms, 1),
        **shown,
        **({"day": measured.day} if measured.day else {}),
        **({"reused": True} if measured.reused else {}),
    }


def end_record(cells: int) -> Record:
    """The last record of a run that was not interrupted, with the number of cells that it had to do.

    Whoever writes it adds the `checksum` of what stands before it.
    """
    return {"type": "end", "cells": cells}


def checksum(content: bytes) -> str:
    """By which a file is known that was changed after it was written."""
    return hashlib.sha256(content).hexdigest()


def measured_from(record: Record) -> Measured:
    """Back from `cell_record`."""
    failure, shown = record["failure"], record.get("shown")
    return Measured(
        cell=Cell.parse(record["cell"]),
        verdict=record["verdict"],
        attempt=record["attempt"],
        examples=record["examples"],
        reason=record["reason"],
        evidence=record["evidence"],
        failure=Failure.from_dict(failure) if failure else None,
        shown=Shown.from_dict(shown) if shown else None,
        duration_ms=record["duration_ms"],
        day=record.get("day", ""),
        reused=record.get("reused", False),
    )
