"""Run every suite of this repository, as many at a time as there are cores, each on test databases of its own.

    python tests/suites.py [SUITE...]
    python tests/suites.py --quick
    python tests/suites.py -- PYTEST-ARGUMENT...

SUITE is the beginning of a suite's name. --quick leaves out the databases that are servers and the tests marked `slow`
or `planted`. What follows `--`, if anything does, is for one run of pytest instead of all suites. A suite that fails
shows its whole output, any other its last line.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The script: `python -m pytest` would put the checkout on the path, and what is tested is the wheel.
_PYTEST = (str(Path(sys.executable).with_name("pytest")),)
# Where folders are in memory: nobody cuts the power in the middle of a test, so nothing has to be on a disk.
_MEMORY = Path("/dev/shm")
# More than the tests write, in bytes.
_ROOM = 1 << 30
# In seconds, several times what the longest suite takes on a busy machine: one that takes longer waits for ever.
_DEADLINE = 1800.0
# In seconds, for a process that has to say where its threads stand and ends then.
_PRINTING = 10.0


@dataclass(frozen=True)
class Suite:
    """A name that no other has, what runs it, and what its environment has besides; is it one of the quick ones?"""

    name: str
    command: tuple[str, ...]
    environ: dict[str, str] = field(default_factory=dict)
    quick: bool = False

    def without_slow_tests(self) -> Suite:
        """The same without the tests marked so, and those of planted faults, where it is pytest that runs it."""
        more = ("-m", "not slow and not planted") if self.command[: len(_PYTEST)] == _PYTEST else ()
        return replace(self, command=(*self.command, *more))


def _suites() -> list[Suite]:
    """The longest first, so that none is left alone at the end."""
    # A file's tests stay together: its fixtures are made once, and what needs most of a server's connections is alone.
    configured = {
        name: (*_PYTEST, "-c", f"tests/{name}/pytest.ini", f"tests/{name}", "-q", "-n", "2", "--dist", "loadfile")
        for name in ("plugin", "sample_app")
    }
    natural = (sys.executable, "tests/natural_matrix.py", "--quick")
    once = ("-m", "not any_database")
    plugin = {
        database: Suite(
            f"plugin-{database}", (*configured["plugin"], *chosen), {"NATURAL_DATABASE": database}, not chosen
        )
        for database, chosen in {"mariadb": once, "postgresql": once, "sqlite-memory": ()}.items()
    }
    sample_app = {
        database: Suite(
            f"sample_app-{database}", (*configured["sample_app"], "--ds", f"sample_app.settings.{database}")
        )
        for database in ("mariadb", "postgresql", "sqlite_immediate")
    }
    return [
        Suite("conformance", (*_PYTEST, "-q", "-n", "2", "--dist", "worksteal"), quick=True),
        plugin["mariadb"],
        plugin["postgresql"],
        sample_app["mariadb"],
        sample_app["postgresql"],
        plugin["sqlite-memory"],
        sample_app["sqlite_immediate"],
        Suite("natural-postgresql", (*natural, "--random", "--xdist", "postgresql")),
        Suite("natural-mariadb", (*natural, "mariadb")),
        Suite("natural-sqlite-file", (*natural, "sqlite-file")),
        Suite("natural-sqlite-memory", (*natural, "sqlite-memory"), quick=True),
    ]


class Runs:
    """The suites that are running; `stop` ends them from another thread or a signal's handler.

    One that takes longer than `deadline`, in seconds, is aborted: pytest then says where every thread stands.
    """

    def __init__(self, folder: Path, deadline: float = _DEADLINE) -> None:
        self._folder = folder
        self._deadline = deadline
        self._processes: list[subprocess.Popen[str]] = []
        self._lock = threading.Lock()
        self._stopped = False

    def run(self, suite: Suite) -> tuple[int, str, str]:
        """Its exit code, its output, and how long it took."""
        folder = self._folder / suite.name
        folder.mkdir()
        started = time.monotonic()
        with (self._folder / f"{suite.name}.log").open("w+", encoding="utf-8", errors="replace") as output:
            with self._lock:
                if self._stopped:
                    return 1, "", "not begun"
                process = subprocess.Popen(
                    suite.command,
                    cwd=ROOT,
                    env=self._environ(suite, folder),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    text=True,
                    start_new_session=True,
                )
                self._processes.append(process)
            late = threading.Timer(self._deadline, _abort, (process.pid,))
            late.start()
            _, status, used = os.wait4(process.pid, 0)
            late.cancel()
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            text = output.read()
        shutil.rmtree(folder, ignore_errors=True)
        took = f"{time.monotonic() - started:.0f} s, {used.ru_utime + used.ru_stime:.0f} s of a processor"
        if process.returncode == -signal.SIGABRT:
            took += f", aborted: more than {self._deadline:.0f} s, see where its threads stand"
        return process.returncode, text, took

    def stop(self) -> None:
        """Interrupt all of them, as Ctrl-C would: they drop their databases."""
        with self._lock:
            self._stopped = True
            for process in self._processes:
                if process.returncode is None:
                    os.killpg(process.pid, signal.SIGINT)

    def _environ(self, suite: Suite, folder: Path) -> dict[str, str]:
        """Test databases of its own, in a server as in a folder; another checkout's are others."""
        checkout = hashlib.sha256(str(ROOT).encode()).hexdigest()[:6]
        label = suite.name.replace("-", "_")
        databases = {
            name: f"{os.environ.get(name, f'async_orm_{checkout}')}_{label}"
            for name in ("PGDATABASE", "MYSQL_DATABASE")
        }
        durability = {"PGOPTIONS": os.environ.get("PGOPTIONS", "-c synchronous_commit=off")}
        return {**os.environ, **databases, **durability, "TMPDIR": str(folder), **suite.environ}


def _abort(leader: int) -> None:
    """End a group of processes, its leader last, one at a time: what each prints of its threads stays together."""
    listed = subprocess.run(("ps", "-A", "-o", "pid=,pgid="), capture_output=True, text=True, check=True).stdout
    members = [int(pid) for pid, group in map(str.split, listed.splitlines()) if int(group) == leader]
    for pid in [*(pid for pid in members if pid != leader), leader]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGABRT)
            _wait_for_end(pid)


def _wait_for_end(pid: int) -> None:
    """Wait until a process has printed, which is when it has ended; where the system does not tell, not at all."""
    if hasattr(os, "pidfd_open"):
        ended = os.pidfd_open(pid)
        select.select([ended], [], [], _PRINTING)
        os.close(ended)


@contextmanager
def _scratch() -> Iterator[Path]:
    """A folder for what the tests write, in memory where there is room."""
    in_memory = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM
    with tempfile.TemporaryDirectory(
        prefix="async-orm-", dir=_MEMORY if in_memory else None, ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)


def run_all(suites: list[Suite], at_one_time: int) -> int:
    """Run them and tell of each when it has ended; 1 if any has failed."""
    failed = []
    with _scratch() as folder, ThreadPoolExecutor(at_one_time) as pool:
        runs = Runs(folder)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            started = {pool.submit(runs.run, suite): suite for suite in suites}
            for future in as_completed(started):
                suite, (code, output, took) = started[future], future.result()
                lines = output.rstrip().splitlines() or [""]
                print(f"{suite.name}: exit {code}, {took}: {lines[-1].strip(' =')}", flush=True)
                if code:
                    failed.append(suite.name)
                    print(output, flush=True)
        except KeyboardInterrupt:
            runs.stop()
            raise
    if failed:
        print(f"failed: {', '.join(sorted(failed))}")
    return 1 if failed else 0


def main() -> int:
    """What was asked for; the exit code."""
    if sys.argv[1:2] == ["--"] and sys.argv[2:]:
        return subprocess.call([*_PYTEST, *sys.argv[2:]], cwd=ROOT)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="SUITE", help="the beginning of a suite's name; all without any")
    parser.add_argument("--quick", action="store_true", help="no servers, and no test that is marked as slow")
    parser.add_argument("--at-one-time", type=int, default=max(2, os.cpu_count() or 2), help="how many suites")
    options = parser.parse_args()
    suites = [suite for suite in _suites() if not options.names or suite.name.startswith(tuple(options.names))]
    if not suites:
        parser.error(f"no suite is called {' or '.join(options.names)}: {', '.join(each.name for each in _suites())}")
    if options.quick:
        suites = [suite.without_slow_tests() for suite in suites if suite.quick]
    return run_all(suites, options.at_one_time)


if __name__ == "__main__":
    sys.exit(main())
