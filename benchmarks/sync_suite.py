"""What the plugin costs a suite of sync `db` tests that know nothing of it: whole runs with it and without, in turn.

    python benchmarks/sync_suite.py [--tests 500] [--pairs 10] [--database sqlite-memory] [--pin 1]
    python benchmarks/sync_suite.py --instructions

Each run is a process of its own; which of a pair comes first changes from pair to pair. Printed are the processor time
(of the process, its start included), the median of the pairs' ratios, and the statements and connections of both, which
have to be equal. Credentials come from the environment. On a machine whose timings cannot be trusted, --instructions
counts what the processor executes instead, with valgrind: one run of each, several minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from isolation import MODELS, ROOT, SETTINGS

CONFTEST = """
import json, os, time

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

COUNTS = {"statements": 0, "connects": 0}


def counted(owner, name, what):
    original = getattr(owner, name)

    def count(*arguments, **keywords):
        COUNTS[what] += 1
        return original(*arguments, **keywords)

    setattr(owner, name, count)


for name in ("execute", "executemany"):
    counted(CursorWrapper, name, "statements")
counted(BaseDatabaseWrapper, "connect", "connects")


def pytest_unconfigure(config):
    with open(os.environ["PROBE_OUTPUT"], "w") as file:
        json.dump({**COUNTS, "seconds": time.process_time()}, file)
"""

TESTS = """
import pytest
from probe.models import Table0


@pytest.mark.django_db
@pytest.mark.parametrize("number", range(%(tests)d))
def test_create_and_count(number):
    Table0.objects.create(name="row")
    assert Table0.objects.count() == 1
"""


def write(directory: Path, tests: int) -> None:
    """Write the suite that both runs take."""
    package = directory / "probe"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "models.py").write_text(MODELS)
    (directory / "probe_settings.py").write_text(SETTINGS)
    (directory / "conftest.py").write_text(CONFTEST)
    (directory / "test_probe.py").write_text(TESTS % {"tests": tests})
    (directory / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")


def run(directory: Path, options: argparse.Namespace, plugin: bool) -> dict[str, float]:
    """Run the suite once, and give its seconds of processor time, its statements and its connects."""
    output = directory / "run.json"
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        "PYTHONPATH": os.pathsep.join(map(str, [directory, ROOT / "tests" / "natural", ROOT])),
        "NATURAL_DATABASE": options.database,
        "NATURAL_DIRECTORY": str(directory),
        "PROBE_TABLES": "10",
        "PROBE_OUTPUT": str(output),
        "DJANGO_SETTINGS_MODULE": "probe_settings",
    }
    chosen = [] if plugin else ["-p", "no:async_orm"]
    command = [sys.executable, "-m", "pytest", "-q", "--nomigrations", "-p", "no:randomly", "-p", "no:cacheprovider"]
    if options.instructions:
        command[:0] = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
        environment["PYTHONHASHSEED"] = "0"
    result = subprocess.run([*command, *chosen], cwd=directory, env=environment, capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(result.stdout[-3000:] + result.stderr)
    return {
        **json.loads(output.read_text()),
        "instructions": instructions(result.stderr) if options.instructions else 0,
    }


def instructions(told: str) -> float:
    """What valgrind counted, by what it wrote."""
    counted = re.search(r"I +refs: +([\d,]+)", told)
    if counted is None:
        raise SystemExit(f"valgrind told no number of instructions:\n{told[-3000:]}")
    return float(counted[1].replace(",", ""))


def compare_instructions(directory: Path, options: argparse.Namespace) -> None:
    """Print what both runs executed: the same every time, but for a thousandth."""
    without, with_it = (run(directory, options, plugin)["instructions"] / 1e6 for plugin in (False, True))
    print(f"{options.database}: {without:.0f} million instructions without the plugin, {with_it:.0f} million with it")
    print(f"{options.database}: ratio {with_it / without:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", default="sqlite-memory")
    parser.add_argument("--tests", type=int, default=500)
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--instructions", action="store_true", help="count instructions by valgrind, once")
    parser.add_argument("--pin", type=int, metavar="CPU", help="keep the processes on this processor (Linux)")
    options = parser.parse_args()
    if options.instructions and shutil.which("valgrind") is None:
        parser.error("--instructions needs valgrind, which is not on the PATH: install it with the system's packages")
    if options.pin is not None:
        os.sched_setaffinity(0, {options.pin})
    ratios, found = [], {}
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), options.tests)
        run(Path(folder), options, plugin=True)
        if options.instructions:
            compare_instructions(Path(folder), options)
            return
        for pair in range(options.pairs):
            for plugin in (True, False) if pair % 2 else (False, True):
                found[plugin] = run(Path(folder), options, plugin)
            ratios.append(found[True]["seconds"] / found[False]["seconds"])
    for plugin, name in ((False, "without"), (True, "with")):
        print(
            f"{options.database}: {name} the plugin: {found[plugin]['seconds']:.2f} s of processor time, "
            f"{found[plugin]['statements']} statements, {found[plugin]['connects']} connects"
        )
    print(f"{options.database}: ratio {statistics.median(ratios):.3f} [{min(ratios):.3f}-{max(ratios):.3f}]")


if __name__ == "__main__":
    main()
