"""The file under a writer: opened locked, appended to whole lines at a time, put in order after an interruption."""

from __future__ import annotations

import os
from pathlib import Path

from conformance.case import ExitCode, SuiteError
from conformance.results.lock import lock

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)


def open_locked(path: Path) -> int:
    """Open for appending, locked. Raises `SuiteError` (harness) if that cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():
            raise refused(path, "it is not a file")
        descriptor = os.open(path, _FLAGS, 0o666)
    except OSError as error:
        raise refused(path, error.strerror or str(error)) from error
    if not lock(descriptor):
        os.close(descriptor)
        raise refused(path, "another process is writing to it")
    return descriptor


def append(descriptor: int, line: bytes) -> None:
    """Put the line on the disk, all of it or none. Raises `OSError`."""
    size = os.fstat(descriptor).st_size
    try:
        _write_all(descriptor, line)
        os.fsync(descriptor)
    except OSError:
        # Without this the next record would be glued to half a line. Making a file shorter needs no room.
        os.ftruncate(descriptor, size)
        raise


def drop_partial_line(path: Path) -> None:
    """Cut the file after its last complete line."""
    content = path.read_bytes() if path.exists() else b""
    end = content.rfind(b"\n") + 1
    if end != len(content):
        with path.open("r+b") as file:
            file.truncate(end)


def refused(path: Path, problem: str) -> SuiteError:
    """The error for a file that cannot be written."""
    return SuiteError(
        f"The results cannot be written to {path}: {problem}.",
        "Name another folder with --results, or mend that; what was measured before stays in the file.",
        ExitCode.HARNESS,
    )


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
