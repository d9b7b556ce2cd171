"""Run the plugin's tests of threads over and over, each time in another order, with two busy processors beside them.

    python tests/random_runs.py RUNS [--database DATABASE] [--beside N] [-- PYTEST-ARGUMENT...]

These are the situations in which threads meet: guests, ends, waits, queues, session settings, whole suites in which a
test leaves work behind. Every run has a seed, which is printed if a test fails, with the command that repeats it.
--beside is how many processes do nothing but use a processor, 2 if it is not given. Exit code 1 if any test failed.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLUGIN = ROOT / "tests" / "plugin"
# Where threads meet.
FILES = (
    "test_autocommit.py",
    "test_blocked.py",
    "test_commit_callbacks.py",
    "test_ends.py",
    "test_flush_locks.py",
    "test_guests.py",
    "test_other_stacks.py",
    "test_patience.py",
    "test_sandbox.py",
    "test_sandbox_end.py",
    "test_sandbox_layers.py",
    "test_session_forms.py",
    "test_session_guests.py",
    "test_session_settings.py",
    "test_session_things.py",
    "test_thread_wiring.py",
    "test_threads.py",
    "test_turn.py",
)
_BUSY = "while True: pass"
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


@contextmanager
def busy(number: int) -> Iterator[None]:
    """So many processes that use a processor each, for as long as the block lasts."""
    loops = [subprocess.Popen([sys.executable, "-c", _BUSY]) for _ in range(number)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def command(seed: int, more: list[str]) -> list[str]:
    """One run in the order of a seed."""
    # The script: `python -m pytest` would put the checkout on the path, and what is tested is the wheel.
    pytest = str(Path(sys.executable).with_name("pytest"))
    files = more or [str(PLUGIN / name) for name in FILES]
    order = ("-p", "randomly", f"--randomly-seed={seed}")
    return [pytest, "-c", str(PLUGIN / "pytest.ini"), "-q", "-rfE", "-p", "no:cacheprovider", *order, *files]


def run(database: str, seed: int, more: list[str]) -> list[str]:
    """The tests that failed; a run that ends otherwise badly counts as one."""
    names = {name: f"{os.environ.get(name, 'async_orm')}_random" for name in ("PGDATABASE", "MYSQL_DATABASE")}
    environ = {**os.environ, **names, "NATURAL_DATABASE": database}
    environ.pop("DJANGO_SETTINGS_MODULE", None)
    ended = subprocess.run(command(seed, more), cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    if not ended.returncode:
        return []
    print(ended.stdout[-20000:], ended.stderr[-4000:], flush=True)
    return _FAILED.findall(ended.stdout) or [f"exit code {ended.returncode}"]


def run_all(runs: int, database: str, beside: int, more: list[str]) -> int:
    """The runs one after another; how many had a failure."""
    bad, started = 0, time.monotonic()
    with busy(beside):
        for number in range(1, runs + 1):
            seed = random.randrange(2**32)
            failed = run(database, seed, more)
            bad += bool(failed)
            if failed:
                print(
                    f"run {number}: {', '.join(failed)}\n  NATURAL_DATABASE={database} {' '.join(command(seed, more))}"
                )
    took = time.monotonic() - started
    print(
        f"{database}: {runs} runs in random order, {beside} busy processes beside, {bad} with a failure, {took:.0f} s"
    )
    return bad


def main() -> int:
    """What was asked for; the exit code."""
    cut = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=int)
    parser.add_argument("--database", default="postgresql")
    parser.add_argument("--beside", type=int, default=2)
    options = parser.parse_args(sys.argv[1:cut])
    # Whoever stops it stops what it started, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return 1 if run_all(options.runs, options.database, options.beside, sys.argv[cut + 1 :]) else 0


if __name__ == "__main__":
    sys.exit(main())
