"""Python processes that start with everything imported: forked from one that has done so, not started anew.

Each is a process of its own, with its own working directory, environment, streams and state. What it cannot have of its
own is what the interpreter reads once at its start: hash seed, warning filters and other `PYTHON*` variables but
PYTHONPATH.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, TypeAlias

_SERVER = Path(__file__).resolve().with_name("fork_server.py")
Stream: TypeAlias = "int | IO[Any]"


class Forked:
    """What a test needs of `subprocess.Popen`. `stdin` and `stdout` are text, where a pipe was asked for."""

    def __init__(self, args: Sequence[str], report: int, stdin: IO[str] | None, stdout: IO[str] | None) -> None:
        self.args = args
        self.stdin = stdin
        self.stdout = stdout
        self.returncode: int | None = None
        # Without a buffer, so that `select` sees all that was not read.
        self._report = os.fdopen(report, "rb", buffering=0)
        first = self._report.readline()
        assert first, "the process that forks has ended"
        self.pid = int(first)

    def poll(self) -> int | None:
        """The exit code as Popen gives it, or None while it runs."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises `subprocess.TimeoutExpired` after so many seconds."""
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(list(self.args), timeout or 0.0)
        return code

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it still has to say on its standard output, once it has ended; it is killed after so many seconds."""
        assert self.stdout is not None
        guard = threading.Timer(timeout or 1e6, self.kill)
        guard.start()
        try:
            with self.stdout:
                output = self.stdout.read()
            self.wait()
        finally:
            guard.cancel()
        return output, ""

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def _ended(self, timeout: float | None) -> int | None:
        """Its exit code, waited for as long; None if it still runs."""
        if self.returncode is None and select.select([self._report], [], [], timeout)[0]:
            self.returncode = int(self._report.readline())
            self._report.close()
        return self.returncode


class Nursery:
    """One process that has imported what its children need; it ends with the process that made it.

    `warm_up` is a module of this folder, or of the PYTHONPATH of `environ`, with a function of that name, which is
    called once, before the first fork.
    """

    def __init__(self, warm_up: str, environ: dict[str, str] | None = None) -> None:
        self._lock = threading.Lock()
        self._channel, theirs = socket.socketpair()
        with theirs:
            self._server = subprocess.Popen(
                [sys.executable, str(_SERVER), str(theirs.fileno()), warm_up],
                env={**os.environ, **(environ or {})},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )

    def start(
        self,
        arguments: Sequence[str],
        *,
        cwd: str | os.PathLike[str] | None = None,
        env: Mapping[str, str] | None = None,
        stdin: Stream = subprocess.DEVNULL,
        stdout: Stream = subprocess.DEVNULL,
        stderr: Stream = subprocess.DEVNULL,
    ) -> Forked:
        """Start what `python ARGUMENT...` would start: `[-u] -m MODULE ARGUMENT...`."""
        unbuffered, module, rest = _parsed(arguments)
        order = {
            "module": module,
            "arguments": rest,
            "unbuffered": unbuffered,
            "cwd": os.fspath(cwd or Path.cwd()),
            "environ": dict(os.environ if env is None else env),
        }
        ours: list[IO[str] | None] = [None, None]
        with ExitStack() as stack:
            theirs = [_end(stack, stdin, ours, 0), _end(stack, stdout, ours, 1)]
            theirs.append(theirs[1] if stderr == subprocess.STDOUT else _end(stack, stderr, ours, 2))
            report, told = os.pipe()
            stack.callback(os.close, told)
            self._send(json.dumps(order).encode(), [*theirs, told])
        return Forked(arguments, report, *ours)

    def _send(self, order: bytes, descriptors: list[int]) -> None:
        """One order after the other: several threads may have one."""
        with self._lock:
            socket.send_fds(self._channel, [len(order).to_bytes(4, "big")], descriptors)
            self._channel.sendall(order)

    def run(
        self, arguments: Sequence[str], *, cwd: str | os.PathLike[str], env: Mapping[str, str], timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """Run one to its end, and catch what it says."""
        with TemporaryFile("w+", encoding="utf-8") as stdout, TemporaryFile("w+", encoding="utf-8") as stderr:
            process = self.start(arguments, cwd=cwd, env=env, stdout=stdout, stderr=stderr)
            try:
                code = process.wait(timeout)
            except BaseException:
                process.kill()
                process.wait()
                raise
            said = [_read(file) for file in (stdout, stderr)]
        return subprocess.CompletedProcess(list(arguments), code, *said)

    def close(self) -> None:
        """No more processes; those that run go on."""
        self._channel.close()
        self._server.wait()


def _parsed(arguments: Sequence[str]) -> tuple[bool, str, list[str]]:
    """Whether its output is unbuffered, the module, and the module's arguments."""
    words = list(arguments)
    unbuffered = words[0] == "-u"
    option, *words = words[unbuffered:]
    assert option.startswith("-m"), arguments
    module = option[2:] or words.pop(0)
    return unbuffered, module, words


def _end(stack: ExitStack, stream: Stream, ours: list[IO[str] | None], number: int) -> int:
    """The child's end of a standard stream; of a pipe the other end is put among ours."""
    if stream == subprocess.PIPE:
        read, write = os.pipe()
        theirs, kept, mode = (read, write, "w") if number == 0 else (write, read, "r")
        ours[number] = os.fdopen(kept, mode, encoding="utf-8")
        stack.callback(os.close, theirs)
        return theirs
    if stream == subprocess.DEVNULL:
        null = os.open(os.devnull, os.O_RDWR)
        stack.callback(os.close, null)
        return null
    return stream if isinstance(stream, int) else stream.fileno()


def _read(file: IO[str]) -> str:
    """All of a file that another process has written to."""
    file.seek(0)
    return file.read()
