"""Append records to a result file so that whatever was measured survives any interruption."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import TracebackType
from typing import IO

from conformance.case import ExitCode, SuiteError
from conformance.environment import Environment
from conformance.results.records import Record


def file_name(environment: Environment) -> str:
    """One file an environment: two environments never share a name."""
    return f"{environment.id}.jsonl"


class ResultWriter:
    """Append to a result file, one line a record, on the disk before `write` returns.

    A line that an earlier interruption cut short is dropped first. Raises `SuiteError` (setup) if the file cannot be
    written: the folder, the permission, a full disk.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            drop_partial_line(path)
            self._file: IO[str] = path.open("a", encoding="utf-8", newline="\n")
        except OSError as error:
            raise self._refused(error) from error

    def __enter__(self) -> ResultWriter:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._file.close()
        except OSError as error:
            raise self._refused(error) from error

    def write(self, record: Record) -> None:
        try:
            self._file.write(json.dumps(record, ensure_ascii=False, sort_keys=True) + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._refused(error) from error

    def _refused(self, error: OSError) -> SuiteError:
        return SuiteError(
            f"The results cannot be written to {self.path}: {error.strerror or error}.",
            "Name another folder with --results, or make room and permission there; "
            "what was measured before stays in the file.",
            ExitCode.HARNESS,
        )


def drop_partial_line(path: Path) -> None:
    """Cut the file after its last complete line."""
    if not path.exists():
        return
    content = path.read_bytes()
    end = content.rfind(b"\n") + 1
    if end != len(content):
        with path.open("r+b") as file:
            file.truncate(end)
