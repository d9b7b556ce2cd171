"""Run the command line, in this process or in one of its own, and wait for what it does, never for a time."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from subprocess import PIPE
from typing import IO
from unittest.mock import patch

from conformance.cli import main
from tests.shared.forking import Forked, Nursery

REPOSITORY = Path(__file__).parents[2]
MISBEHAVING = Path(__file__).parent / "misbehaving"
SYNTHETIC = ["--catalogue", str(MISBEHAVING / "catalogue"), "--checks", "misbehaving_checks"]
DEADLINE = 60.0


def environ(**more: str) -> dict[str, str]:
    """A process environment in which the suite and the misbehaving checks can be imported."""
    path = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), str(MISBEHAVING))))
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "DJANGO_SETTINGS_MODULE")}
    return {**kept, "PYTHONPATH": path, **more}


def conform(*arguments: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in this process: what it measures with are others."""
    with ExitStack() as stack:
        stack.callback(os.chdir, Path.cwd())
        os.chdir(cwd)
        stack.enter_context(patch.dict(os.environ, environ(**more), clear=True))
        stdout = stack.enter_context(redirect_stdout(StringIO()))
        stderr = stack.enter_context(redirect_stderr(StringIO()))
        code = main(arguments)
    return subprocess.CompletedProcess(arguments, code, stdout.getvalue(), stderr.getvalue())


def conform_apart(*arguments: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in a process of its own."""
    command = [sys.executable, "-m", "conformance", *arguments]
    return subprocess.run(
        command, cwd=cwd, env=environ(**more), capture_output=True, text=True, check=False, timeout=DEADLINE * 2
    )


@contextmanager
def forked_workers(workers: Nursery) -> Iterator[None]:
    """Each worker that is started here is a process of its own, which has Django, on SQLite, and Hypothesis already."""

    def start(python: str, environ: dict[str, str], folder: Path | None, stderr: IO[str]) -> Forked:
        assert python == sys.executable
        arguments = ["-m", "conformance.worker"]
        return workers.start(arguments, cwd=folder, env=environ, stdin=PIPE, stdout=PIPE, stderr=stderr)

    with patch("conformance.runner.process._start", start):
        yield


# Whoever started these tests may ignore SIGINT, as a shell does for what it starts in the background; children inherit
# that, and Python then leaves it so. One step between, in the same process, says what holds instead.
_DISPOSED = "import os, signal, sys; signal.signal(signal.SIGINT, signal.{}); os.execv(sys.executable, sys.argv[1:])"


def start(*arguments: str, cwd: Path, sigint: str = "SIG_DFL", **more: str) -> subprocess.Popen[str]:
    """Start a command as a terminal does, or with SIGINT ignored (`SIG_IGN`); `finish` gives what it printed."""
    python = [sys.executable, "-c", _DISPOSED.format(sigint), sys.executable]
    command = [*python, "-u", "-m", "conformance", *arguments]
    return subprocess.Popen(
        command, cwd=cwd, env=environ(**more), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def finish(process: subprocess.Popen[str]) -> str:
    """The rest of its output, once it has ended."""
    output, _ = process.communicate(timeout=DEADLINE)
    return output


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Return as soon as the condition holds; fail at the deadline."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        select.select([], [], [], 0.02)  # let others have the core


def is_gone(pid: int) -> bool:
    """Whether the process has ended; one that nobody has waited for yet counts as ended."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (ProcessLookupError, FileNotFoundError):
        return True


def lines_of(folder: Path) -> list[str]:
    """Every line of every result file, the last one only if it is whole."""
    return [line for path in sorted(folder.glob("*.jsonl")) for line in path.read_text().split("\n")[:-1]]


def cells_in(folder: Path) -> int:
    """How many attempts are on the disk."""
    return sum('"type": "cell"' in line for line in lines_of(folder))
