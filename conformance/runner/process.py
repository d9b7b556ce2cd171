"""A worker process, spoken with in lines of JSON."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from conformance.case import ExitCode, SuiteError

_GRACE = 10.0  # seconds that a worker has to drop its database when it is told to end
_STDERR_TAIL = 4000  # characters


class TimedOut(Exception):
    """The worker said nothing for too long."""


class Died(Exception):
    """The worker ended without saying so. `signal` is the one that ended it, or None if it exited by itself."""

    def __init__(self, returncode: int, stderr: str) -> None:
        self.signal = signal.Signals(-returncode) if returncode < 0 else None
        self.stderr = stderr
        how = f"killed by {self.signal.name}" if self.signal else f"exit status {returncode}"
        super().__init__(how)


class Worker:
    """The process of `python -m conformance.worker`; ended, however the block is left.

    Python looks for modules in the process's `folder` first, which is that of this process if none is named.
    """

    def __init__(self, python: str, environ: dict[str, str], folder: Path | None = None) -> None:
        # Closed by __exit__.
        self._stderr: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        try:
            self._process = _start(python, environ, folder, self._stderr)
        except OSError as error:
            self._stderr.close()
            raise SuiteError(
                f"{python} cannot be started: {error.strerror or error}.",
                "Measure with another Python, or delete the environment that it belongs to: it is then built again.",
                ExitCode.HARNESS,
            ) from error
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, name=f"worker {self._process.pid}", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The number of the worker's process."""
        return self._process.pid

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.end()
        self._reader.join(_GRACE)
        self._stderr.close()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            with suppress(OSError):  # what was still to be said
                stream.close()

    def say(self, message: dict[str, Any]) -> None:
        """Raises `Died` if the worker is gone."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
        except OSError:
            raise self._died() from None

    def hear(self, timeout: float) -> dict[str, Any]:
        """The next record. Raises `TimedOut` after `timeout` seconds, `Died` if the worker ended."""
        try:
            line = self._lines.get(timeout=timeout)
        except queue.Empty:
            raise TimedOut from None
        if line is None:
            raise self._died()
        record: dict[str, Any] = json.loads(line)
        return record

    def wait(self) -> int:
        """Let the worker clean up and exit by itself; its exit status."""
        try:
            return self._process.wait(_GRACE * 3)
        except subprocess.TimeoutExpired:
            self.end()
            return self._process.wait()

    def terminate(self) -> None:
        """Tell the worker to end, and do not wait for it."""
        self._process.terminate()

    def end(self) -> None:
        """Terminate the worker, kill it if it does not listen. Does nothing if it has ended."""
        if self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def _died(self) -> Died:
        returncode = self._process.wait()
        self._stderr.seek(0)
        return Died(returncode, self._stderr.read()[-_STDERR_TAIL:])


def _start(python: str, environ: dict[str, str], folder: Path | None, stderr: IO[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [python, "-m", "conformance.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env=environ,
        cwd=folder,
        encoding="utf-8",
        # A session of its own: Ctrl-C reaches this process alone, which then ends its workers in good order.
        start_new_session=True,
    )
