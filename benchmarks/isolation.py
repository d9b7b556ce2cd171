"""What isolation costs: pairs of tests in turn, inside one process.

    python benchmarks/isolation.py [--database postgresql] [--tables 10] [--loop function] [--pairs 60] [--pin 1]

Whole runs differ by a factor of two on a shared machine; the ratio of two tests that follow each other does not. So a
probe suite runs, in turn, tests that create a row and count the rows, and the medians of their ratios are printed:

* sync: pytest-django's `db`, the base of the ratios;
* isolated: an async test under the plugin;
* unisolated: an async test with the sandbox off, whose rows stay;
* shared: an async test whose thread is handed the main thread's connection, with no turns and no savepoints: the least
  that any isolation can cost;
* floor: the driver alone, BEGIN, INSERT, COUNT, ROLLBACK;
* transactional (--transactional): an async test with real connections.

A thread hop costs three times as much between two processors as on one: --pin keeps the process on one and takes most
of the noise away. Credentials come from the environment.
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

ROOT = Path(__file__).resolve().parent.parent

SETTINGS = """
import os
from natural_settings import *
DATABASES = {"default": DATABASES["default"]}
DATABASE_ROUTERS = []
INSTALLED_APPS = [*INSTALLED_APPS, "probe"]
"""

MODELS = """
import os
from django.db import models
for number in range(int(os.environ["PROBE_TABLES"])):
    globals()[f"Table{number}"] = type(f"Table{number}", (models.Model,), {
        "__module__": __name__, "name": models.CharField(max_length=50),
        "Meta": type("Meta", (), {"app_label": "probe"})})
"""

CONFTEST = """
import json, os, time
import pytest

TIMES = pytest.probe_times = {}

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    shared = item.originalname == "test_d_shared"
    if shared:
        hand_over()
    started = time.perf_counter()
    try:
        return (yield)
    finally:
        TIMES.setdefault(item.originalname, []).append(time.perf_counter() - started)
        if shared:
            take_back()

def hand_over():
    from asgiref.sync import SyncToAsync
    from django.db import connections
    real = connections["default"]
    real.inc_thread_sharing()
    SyncToAsync.single_thread_executor.submit(connections.__setitem__, "default", real).result()

def take_back():
    from asgiref.sync import SyncToAsync
    from django.db import connections
    SyncToAsync.single_thread_executor.submit(connections.__delitem__, "default").result()
    connections["default"].dec_thread_sharing()

def pytest_sessionfinish(session):
    with open(os.environ["PROBE_OUTPUT"], "w") as file:
        json.dump(TIMES, file)

def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: (item.callspec.params["pair"], item.originalname))
"""

TESTS = """
import pytest
from django.db import connection
from probe.models import Table0

PAIRS = range(%(pairs)d)
pytestmark = pytest.mark.parametrize("pair", PAIRS)

@pytest.mark.django_db
def test_a_sync(pair):
    Table0.objects.create(name="row")
    assert Table0.objects.count() >= 1

@pytest.mark.django_db
@pytest.mark.asyncio(loop_scope="%(loop)s")
async def test_b_isolated(pair):
    await Table0.objects.acreate(name="row")
    assert await Table0.objects.acount() >= 1
"""

# What pytest-asyncio and the thread hops cost by themselves. The rows of the unisolated test are left behind.
REFERENCES = """
@pytest.mark.django_db
@pytest.mark.async_orm_sandbox("off")
@pytest.mark.asyncio(loop_scope="%(loop)s")
async def test_c_unisolated(pair):
    await Table0.objects.acreate(name="row")
    assert await Table0.objects.acount() >= 1
"""

SHARED = """
@pytest.mark.django_db
@pytest.mark.async_orm_sandbox("off")
@pytest.mark.asyncio(loop_scope="%(loop)s")
async def test_d_shared(pair):
    await Table0.objects.acreate(name="row")
    assert await Table0.objects.acount() >= 1
"""

FLOOR = """
def test_f_floor(pair, django_db_setup, django_db_blocker):
    # Measured inside, so that nothing of pytest's is in it.
    import time
    with django_db_blocker.unblock():
        connection.ensure_connection()
        started = time.perf_counter()
        cursor = connection.connection.cursor()
        cursor.execute("BEGIN")
        cursor.execute("INSERT INTO probe_table0 (name) VALUES ('row')")
        cursor.execute("SELECT COUNT(*) FROM probe_table0")
        assert cursor.fetchone()[0] >= 1
        cursor.execute("ROLLBACK")
        cursor.close()
        pytest.probe_times.setdefault("floor", []).append(time.perf_counter() - started)
"""

TRANSACTIONAL = """
@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio(loop_scope="%(loop)s")
async def test_e_transactional(pair):
    await Table0.objects.acreate(name="row")
    assert await Table0.objects.acount() >= 1
"""


def probe(directory: Path, options: argparse.Namespace) -> dict[str, list[float]]:
    """Write the probe suite, run it, and give each test's times in seconds, in the order of the pairs."""
    package = directory / "probe"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "models.py").write_text(MODELS)
    (directory / "probe_settings.py").write_text(SETTINGS)
    (directory / "conftest.py").write_text(CONFTEST)
    chosen = [TESTS, REFERENCES, SHARED, FLOOR, *([TRANSACTIONAL] if options.transactional else [])]
    tests = "\n".join(chosen)
    (directory / "test_probe.py").write_text(tests % {"pairs": options.pairs, "loop": options.loop})
    (directory / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    output = directory / "times.json"
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, [directory, ROOT / "tests" / "natural", ROOT])),
        "NATURAL_DATABASE": options.database,
        "NATURAL_DIRECTORY": str(directory),
        "PROBE_TABLES": str(options.tables),
        "PROBE_OUTPUT": str(output),
        "DJANGO_SETTINGS_MODULE": "probe_settings",
    }
    command = [sys.executable, "-m", "pytest", "-q", "--nomigrations", "-p", "no:randomly", "-p", "no:cacheprovider"]
    if options.pin is not None:
        os.sched_setaffinity(0, {options.pin})
    installed = any(entry.value == "pytest_async_orm.plugin" for entry in entry_points(group="pytest11"))
    plugin = [] if installed else ["-p", "pytest_async_orm.plugin"]
    result = subprocess.run(
        [*command, *plugin, str(directory)], cwd=directory, env=environment, capture_output=True, text=True
    )
    if result.returncode:
        raise SystemExit(result.stdout[-3000:] + result.stderr)
    return json.loads(output.read_text())


def ratios(times: dict[str, list[float]], over: str, under: str) -> list[float]:
    # The first pairs pay for imports and the databases' creation.
    return [above / below for above, below in list(zip(times[over], times[under], strict=True))[5:]]


def shown(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} [{min(values):.2f}-{max(values):.2f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", default="sqlite-memory")
    parser.add_argument("--tables", type=int, default=10)
    parser.add_argument("--loop", default="function", choices=["function", "session"])
    parser.add_argument("--pairs", type=int, default=60)
    parser.add_argument("--pin", type=int, metavar="CPU", help="keep the process on this processor (Linux)")
    parser.add_argument("--transactional", action="store_true", help="compare with real connections too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        times = probe(Path(directory) / "suite", options)
    label = f"{options.database}, {options.tables} tables, {options.loop} loop"
    milliseconds = {name: [1000 * value for value in values[5:]] for name, values in times.items()}
    for name, values in sorted(milliseconds.items()):
        if name != "test_f_floor":
            print(f"{label}: {name.removeprefix('test_')[2:] if name != 'floor' else name} {shown(values)} ms")
    for over, under in [
        ("b_isolated", "a_sync"),
        ("d_shared", "a_sync"),
        ("c_unisolated", "a_sync"),
        ("b_isolated", "d_shared"),
        *([("e_transactional", "b_isolated")] if options.transactional else []),
    ]:
        print(f"{label}: {over[2:]} / {under[2:]} {shown(ratios(times, f'test_{over}', f'test_{under}'))}")


if __name__ == "__main__":
    main()
