"""Run the command line in a process of its own, and wait for what it does, never for a time."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
MISBEHAVING = Path(__file__).parent / "misbehaving"
SYNTHETIC = ["--catalogue", str(MISBEHAVING / "catalogue"), "--checks", "misbehaving_checks"]
DEADLINE = 60.0


def environ(**more: str) -> dict[str, str]:
    """A process environment in which the suite and the misbehaving checks can be imported."""
    path = os.pathsep.join(map(str, (REPOSITORY, MISBEHAVING)))
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "DJANGO_SETTINGS_MODULE")}
    return {**kept, "PYTHONPATH": path, **more}


def conform(*arguments: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    command = [sys.executable, "-m", "conformance", *arguments]
    return subprocess.run(
        command, cwd=cwd, env=environ(**more), capture_output=True, text=True, check=False, timeout=DEADLINE * 2
    )


def start(*arguments: str, cwd: Path, **more: str) -> subprocess.Popen[str]:
    """Start a command; its lines can be waited for with `read_until`."""
    command = [sys.executable, "-u", "-m", "conformance", *arguments]
    with _interruptible():
        return subprocess.Popen(
            command, cwd=cwd, env=environ(**more), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )


@contextmanager
def _interruptible() -> Iterator[None]:
    """A shell has what it starts in the background ignore SIGINT, and so would what we start."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


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
