"""What the end of a test with real connections costs: the touched flush and Django's in turn, inside one process.

    python benchmarks/flush.py [--database postgresql] [--tables 10 50 200 500] [--pairs 20] [--pin 1]

A probe suite creates a row with real connections. Its tests come in threes: Django's flush; the touched flush, which
finds new content types and permissions; the touched flush again, as every other one in a suite is. The first and the
third are compared: medians of the flush alone, of the whole test, and of their ratios. The last line compares the
largest number of tables with the smallest. Credentials come from the environment.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import entry_points
from pathlib import Path

from isolation import MODELS, ROOT, SETTINGS, shown

CONFTEST = """
import json, os, time
import pytest

TIMES = {}

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    TIMES["now"] = item.originalname
    started = time.perf_counter()
    try:
        return (yield)
    finally:
        TIMES.setdefault("test " + item.originalname, []).append(time.perf_counter() - started)

def pytest_collection_finish():
    from django.db import connection
    from django.test.testcases import TransactionTestCase
    from pytest_async_orm.flushing.replaced import Replaced
    from pytest_async_orm.patches.process import PROCESS
    original = TransactionTestCase._fixture_teardown

    def timed(self):
        flushing, name = PROCESS.one(Replaced), TIMES["now"]
        before = flushing.seconds
        if name == "test_a_django":
            flushing.seconds = None
        started = time.perf_counter()
        try:
            original(self)
        finally:
            TIMES.setdefault("flush " + name, []).append(time.perf_counter() - started)
            flushing.seconds = before
        if name == "test_b_again" and connection.vendor == "postgresql":
            # What Django's flush leaves in the catalogue would slow down whatever comes after it.
            with connection.cursor() as cursor:
                cursor.execute("VACUUM")

    TransactionTestCase._fixture_teardown = timed

def pytest_sessionfinish(session):
    with open(os.environ["PROBE_OUTPUT"], "w") as file:
        json.dump({name: values for name, values in TIMES.items() if name != "now"}, file)

def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: (item.callspec.params["pair"], item.originalname))
"""

TESTS = """
import pytest
from probe.models import Table0

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.parametrize("pair", range(%(pairs)d))]

def test_a_django(pair):
    Table0.objects.create(name="row")

def test_b_again(pair):
    Table0.objects.create(name="row")

def test_c_touched(pair):
    Table0.objects.create(name="row")
"""


def probe(directory: Path, options: argparse.Namespace, tables: int) -> dict[str, list[float]]:
    """Write the probe suite, run it, and give each test's times in seconds, without the first pairs."""
    package = directory / "probe"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "models.py").write_text(MODELS)
    (directory / "probe_settings.py").write_text(SETTINGS)
    (directory / "conftest.py").write_text(CONFTEST)
    (directory / "test_probe.py").write_text(TESTS % {"pairs": options.pairs + 2})
    (directory / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    output = directory / "times.json"
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, [directory, ROOT / "tests" / "natural", ROOT])),
        "NATURAL_DATABASE": options.database,
        "NATURAL_DIRECTORY": str(directory),
        "PROBE_TABLES": str(tables),
        "PROBE_OUTPUT": str(output),
        "DJANGO_SETTINGS_MODULE": "probe_settings",
        "PGDATABASE": f"{os.environ.get('PGDATABASE', 'async_orm')}_flush",
        "MYSQL_DATABASE": f"{os.environ.get('MYSQL_DATABASE', 'async_orm')}_flush",
    }
    command = [sys.executable, "-m", "pytest", "-q", "--nomigrations", "-p", "no:randomly", "-p", "no:cacheprovider"]
    installed = any(entry.value == "pytest_async_orm.plugin" for entry in entry_points(group="pytest11"))
    plugin = [] if installed else ["-p", "pytest_async_orm.plugin"]
    result = subprocess.run(
        [*command, *plugin, str(directory)], cwd=directory, env=environment, capture_output=True, text=True
    )
    if result.returncode:
        raise SystemExit(result.stdout[-3000:] + result.stderr)
    return {name: values[2:] for name, values in json.loads(output.read_text()).items()}


def tell(label: str, times: dict[str, list[float]]) -> None:
    """One line for the flush alone, one for the whole test."""
    for what in ("flush", "test"):
        django, touched = times[f"{what} test_a_django"], times[f"{what} test_c_touched"]
        ratios = [above / below for above, below in zip(django, touched, strict=True)]
        milliseconds = [shown([1000 * value for value in values]) for values in (django, touched)]
        print(f"{label}: {what}: django {milliseconds[0]} ms, touched {milliseconds[1]} ms, {shown(ratios)} times")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", default="postgresql")
    parser.add_argument("--tables", type=int, nargs="+", default=[10, 50, 200, 500])
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--pin", type=int, metavar="CPU", help="keep the process on this processor (Linux)")
    options = parser.parse_args()
    if options.pin is not None:
        os.sched_setaffinity(0, {options.pin})
    found = {}
    for tables in options.tables:
        with tempfile.TemporaryDirectory() as directory:
            found[tables] = probe(Path(directory) / "suite", options, tables)
        tell(f"{options.database}, {tables} tables", found[tables])
    small, large = min(found), max(found)
    for what in ("flush", "test"):
        medians = [statistics.median(found[tables][f"{what} test_c_touched"]) for tables in (large, small)]
        print(f"{options.database}: {what}: {large} tables / {small} tables, touched: {medians[0] / medians[1]:.2f}")


if __name__ == "__main__":
    main()
