"""What the search for leaks costs: pairs of tests in turn, inside one process, with the ledger and without.

    python benchmarks/leaks.py [--pairs 200] [--database sqlite-memory]

For every second test the plugin's replacements are taken out, by the mechanism that takes them out at a session's end,
so that both tests of a pair run in the same process on the same database. Printed are the median of the pairs' ratios,
and the microseconds that noting an opened connection takes. Credentials come from the environment.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

CONFTEST = """
import json, os, time
import pytest

TIMES = {}

def switch(on):
    \"\"\"Put the plugin's replacements in, or take them out; routing comes back with the next sandbox.\"\"\"
    from pytest_async_orm.leaks.ledger import Ledger
    from pytest_async_orm.leaks.watching import watch
    from pytest_async_orm.patches.process import PROCESS
    if on:
        watch()
    else:
        PROCESS.one(Ledger).unwatch()
        PROCESS.patches.remove_since((0, 0))

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    from pytest_async_orm.hooks.session import STATE as KEY
    off = item.originalname.endswith("_off")
    state = item.config.stash.get(KEY, None)
    judge = state.judge if state is not None else None
    if off and state is not None:
        state.judge = None
        switch(False)
    # Processor time of all threads: on a shared machine the clock on the wall tells of its neighbours.
    started = time.process_time()
    try:
        return (yield)
    finally:
        TIMES.setdefault(item.originalname, []).append(time.process_time() - started)
        if off and state is not None:
            switch(True)
            state.judge = judge

def pytest_collection_modifyitems(items):
    # Which of the two comes first changes from pair to pair.
    items.sort(key=lambda item: (item.callspec.params["pair"], item.originalname.rpartition("_")[0],
                                 item.originalname.endswith("_off") ^ (item.callspec.params["pair"] % 2)))

def pytest_unconfigure(config):
    with open(os.environ["PROBE_OUTPUT"], "w") as file:
        json.dump(TIMES, file)
"""

TESTS = """
import time
import pytest
from django.db import connection
from sample_app.models import Tag

pytestmark = [pytest.mark.django_db, pytest.mark.parametrize("pair", range(%(pairs)d))]

def small():
    tag = Tag.objects.create(name="row")
    Tag.objects.filter(pk=tag.pk).update(name="other")
    assert [found.name for found in Tag.objects.all()] == ["other"]
    assert Tag.objects.count() == 1

async def small_async():
    tag = await Tag.objects.acreate(name="row")
    await Tag.objects.filter(pk=tag.pk).aupdate(name="other")
    assert [found.name async for found in Tag.objects.all()] == ["other"]
    assert await Tag.objects.acount() == 1

def test_sync_on(pair):
    small()

def test_sync_off(pair):
    small()

@pytest.mark.asyncio
async def test_async_on(pair):
    await small_async()

@pytest.mark.asyncio
async def test_async_off(pair):
    await small_async()
"""

OPENING = """
import json, sys, time
import pytest
from django.db import connection
from pytest_async_orm.leaks.ledger import Ledger
from pytest_async_orm.patches.process import PROCESS

@pytest.mark.django_db
@pytest.mark.async_orm_sandbox("off")
def test_opening():
    def deep(number):
        if number:
            return deep(number - 1)
        times, ledger = [], PROCESS.one(Ledger)
        for _ in range(2000):
            twin = connection.copy()
            twin.connection = connection.connection
            started = time.perf_counter()
            ledger.note_opened(twin, sys._getframe())
            times.append(time.perf_counter() - started)
            ledger.closed(twin)
            twin.connection = None
        ledger.take_fresh()
        return times
    print("MICROSECONDS", json.dumps([1e6 * value for value in deep(20)]))
"""


def run(directory: Path, tests: str, options: argparse.Namespace, *arguments: str) -> str:
    (directory / "conftest.py").write_text(CONFTEST if not arguments else "")
    (directory / "test_probe.py").write_text(tests)
    (directory / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, [directory, ROOT / "tests" / "natural", ROOT])),
        "NATURAL_DATABASE": options.database,
        "NATURAL_DIRECTORY": str(directory),
        "PROBE_OUTPUT": str(directory / "times.json"),
        "DJANGO_SETTINGS_MODULE": "natural_settings",
    }
    command = [sys.executable, "-m", "pytest", "-q", "--nomigrations", "-p", "no:randomly", "-p", "no:cacheprovider"]
    result = subprocess.run([*command, *arguments], cwd=directory, env=environment, capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(result.stdout[-3000:] + result.stderr)
    return result.stdout


def shown(values: list[float]) -> str:
    quartiles = statistics.quantiles(values, n=4)
    return f"{statistics.median(values):.3f} [{quartiles[0]:.3f}-{quartiles[2]:.3f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", default="sqlite-memory")
    parser.add_argument("--pairs", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder), TESTS % {"pairs": options.pairs}, options)
        times = json.loads((Path(folder) / "times.json").read_text())
        output = run(Path(folder), OPENING, options, "-s")
    for kind in ("sync", "async"):
        pairs = list(zip(times[f"test_{kind}_on"], times[f"test_{kind}_off"], strict=True))[5:]
        print(
            f"{options.database}, {kind}: with / without {shown([on / off for on, off in pairs])} of {len(pairs)} pairs"
        )
    whole = [
        sum(times[f"test_{kind}_on"][number] for kind in ("sync", "async"))
        / sum(times[f"test_{kind}_off"][number] for kind in ("sync", "async"))
        for number in range(5, options.pairs)
    ]
    print(f"{options.database}, a suite of both: with / without {shown(whole)}")
    line = next(line for line in output.splitlines() if "MICROSECONDS" in line)
    print(f"{options.database}: noting an opened connection {shown(json.loads(line.partition('MICROSECONDS')[2]))} µs")


if __name__ == "__main__":
    main()
