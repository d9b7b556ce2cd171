"""The files under the results: appended to whole lines at a time by one process alone, or replaced all at once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.case import ExitCode, SuiteError

if TYPE_CHECKING:
    from filelock import FileLock

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)


class LockedFile:
    """A file open for appending, which no other process writes meanwhile: a second one is refused.

    The lock is a file beside it, because a lock on the file itself would keep others from reading it on some systems.
    The system takes it back when the process ends, however it ends. Raises `SuiteError` (harness) if the file cannot be
    opened.
    """

    def __init__(self, path: Path) -> None:
        from filelock import Timeout

        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists() and not path.is_file():
                raise refused(path, "it is not a file")
            self._lock = locked(path.with_name(f".{path.name}.lock"))
        except Timeout:
            raise refused(path, "another process is writing to it") from None
        except OSError as error:
            raise refused(path, error.strerror or str(error)) from error
        try:
            self._descriptor = os.open(path, _FLAGS, 0o666)
        except OSError as error:
            unlock(self._lock)
            raise refused(path, error.strerror or str(error)) from error

    def append(self, line: bytes) -> None:
        """Put the line on the disk, all of it or none. Raises `OSError`."""
        size = os.fstat(self._descriptor).st_size
        try:
            _write_all(self._descriptor, line)
            os.fsync(self._descriptor)
        except OSError:
            # Without this the next record would be glued to half a line. Making a file shorter needs no room.
            os.ftruncate(self._descriptor, size)
            raise

    def close(self) -> None:
        """Let another process write."""
        os.close(self._descriptor)
        unlock(self._lock)


def locked(path: Path) -> FileLock:
    """Take the lock that the file at `path` stands for, made if need be.

    Raises `filelock.Timeout` at once if another process has it, `OSError` if the file cannot be made.
    """
    # A worker reads and writes no file, and its environment has no library for it.
    from filelock import FileLock

    lock = FileLock(path, timeout=0, thread_local=False)
    lock.acquire()
    return lock


def unlock(lock: FileLock) -> None:
    """Give the lock back and leave no file. Who has opened that file by now finds that it is gone, and is refused."""
    with suppress(OSError):  # where a file that is open cannot be removed, releasing the lock removes it
        Path(lock.lock_file).unlink()
    lock.release()


def write_atomically(path: Path, content: bytes) -> None:
    """Give the file this content at once: a reader, or an interruption, finds the old content or the new one.

    Its folder is made if need be. Raises `OSError`; then nothing changed.
    """
    with replacement(path, content):
        pass


@contextmanager
def replacement(path: Path, content: bytes) -> Iterator[None]:
    """Inside of the block the new content is on the disk beside the file; at its end it takes the file's place.

    Raises `OSError`, before the block if there is no room. Without a trace if the block raises.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(content)
        yield
        draft.replace(path)
    finally:
        with suppress(OSError):  # the folder could not even be reached, and that is being reported
            draft.unlink(missing_ok=True)


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
        "Name another folder with --results, or see to that; what was measured before stays in the file.",
        ExitCode.HARNESS,
    )


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
