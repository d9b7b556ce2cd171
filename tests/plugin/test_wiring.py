"""What only a whole pytest run shows: start-up, options, markers, test cases, and what a test costs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

# What a run without async database tests imports: no more of the plugin, and nothing of other packages but pytest.
STARTED = [
    "errors", "fixtures", "fixtures.databases", "fixtures.leaks", "fixtures.queries", "fixtures.scopes", "hooks",
    "hooks.assertions", "hooks.flushing", "hooks.isolation", "hooks.leaks", "hooks.recording", "hooks.reporting",
    "hooks.scopes", "hooks.session", "hooks.telling", "items", "markers", "options", "patches", "patches.mechanism",
    "patches.process", "patches.pytest_names", "plugin",
]  # fmt: skip


def test_starting_up_imports_nothing_heavy() -> None:
    """Importing the plugin imports these modules of its own, nothing of other packages but pytest, and of the standard
    library nothing that is slow to import.
    """
    code = (
        "import pytest, sys; before = set(sys.modules); import pytest_async_orm.plugin; "
        "new = set(sys.modules) - before; own = {name for name in new if name.startswith('pytest_async_orm.')}; "
        "print(*sorted(name.removeprefix('pytest_async_orm.') for name in own)); "
        "print(*sorted({name.partition('.')[0] for name in new - own} - sys.stdlib_module_names)); "
        "print(*sorted(new & {'asyncio', 'unittest', 'difflib', 'concurrent.futures', 'sqlite3', 'html'}))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    found = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    own, others, slow = (line.split() for line in found.stdout.splitlines())
    assert own == STARTED
    assert others == ["pytest_async_orm"]
    assert slow == []


def test_without_a_database_test_nothing_happens(run) -> None:
    """A suite of async tests without a database leaves Django's look-ups as they are and no state behind."""
    result = run(
        """
async def test_plain(pytestconfig):
    from django.db.utils import ConnectionHandler
    from pytest_async_orm.hooks.session import STATE
    assert "__getitem__" not in vars(ConnectionHandler)
    assert STATE not in pytestconfig.stash
"""
    )
    result.assert_outcomes(passed=1)


def test_modes(run) -> None:
    """async isolates async tests alone, all every test, off none; a marker says otherwise for one test."""
    source = """
def routed():
    return hasattr(connections["default"], "lease")
@pytest.mark.django_db
def test_sync(pytestconfig):
    assert routed() == (pytestconfig.getoption("--async-orm-sandbox") == "all")
@pytest.mark.django_db
async def test_async(pytestconfig):
    assert await sync_to_async(routed)() == (pytestconfig.getoption("--async-orm-sandbox") != "off")
@pytest.mark.django_db
@pytest.mark.async_orm_sandbox("all")
def test_marked():
    assert routed()
@pytest.mark.django_db
@pytest.mark.async_orm_sandbox(mode="off")
async def test_marked_off():
    assert not await sync_to_async(routed)()
def test_fixture(async_db):
    assert routed()
def test_real(async_transactional_db):
    assert not routed()
"""
    for mode in ("async", "all", "off"):
        run(source, f"--async-orm-sandbox={mode}").assert_outcomes(passed=6)


@pytest.mark.parametrize(
    ("ini", "text"),
    [
        ("async_orm_sandbox = some", "*the ini option async_orm_sandbox is 'some': use one of 'async', 'all', 'off'.*"),
        ("async_orm_lock_timeout = soon", "*async_orm_lock_timeout is 'soon': use a positive number of seconds*"),
        ("async_orm_lock_timeout = -1", "*async_orm_lock_timeout is '-1': use a positive number of seconds*"),
    ],
)
def test_bad_ini_values(run, ini: str, text: str) -> None:
    """A bad value stops the session at once and says what is allowed."""
    result = run("def test_never(): pass", ini=ini)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([text])


def test_bad_marker(run) -> None:
    """A marker with a bad mode, or with none, is an error of the collection, with the remedy."""
    result = run(
        """
@pytest.mark.django_db
@pytest.mark.async_orm_sandbox("some")
async def test_bad(): pass
@pytest.mark.django_db
@pytest.mark.async_orm_sandbox
async def test_none(): pass
"""
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*the mode of the marker async_orm_sandbox is 'some': use one of*", "*takes exactly one mode, such as*"]
    )


def test_anyios_mark_in_auto_mode(run) -> None:
    """pytest-asyncio in auto mode runs tests that bear anyio's mark too: the plugin leaves them to it."""
    result = run(
        """
@pytest.mark.anyio
@pytest.mark.django_db
async def test_plain(query_log):
    await Tag.objects.acount()
    assert [query.attributed for query in query_log] == [True]
@pytest.mark.anyio
@pytest.mark.django_db(transaction=True)
@pytest.mark.max_queries(5)
async def test_real():
    await Tag.objects.acount()
"""
    )
    assert "failed" not in result.parseoutcomes()
    assert result.parseoutcomes()["passed"] >= 2


def test_django_test_cases_are_left_alone(run) -> None:
    """Django's own TestCase classes, sync and async, behave as without the plugin."""
    result = run(
        """
from django.test import TestCase, TransactionTestCase
class TestThem(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.tag = Tag.objects.create(name="class")
    def test_sync(self):
        self.assertEqual(Tag.objects.count(), 1)
        self.assertFalse(hasattr(connections["default"], "lease"))
    async def test_async(self):
        await Tag.objects.acreate(name="a")
        self.assertEqual(await Tag.objects.acount(), 2)
class TestReal(TransactionTestCase):
    async def test_async(self):
        await Tag.objects.acreate(name="a")
@pytest.mark.django_db
async def test_function():
    assert await Tag.objects.acount() == 0
""",
        "--async-orm-sandbox=all",
    )
    result.assert_outcomes(passed=4)


def test_no_thread_hops_and_no_connects(run, pytester: pytest.Pytester) -> None:
    """Exact counts: an isolated test hands as many calls to threads as one that is not, starts no thread, and opens no
    connection, from set-up to tear-down.
    """
    pytester.makeconftest(
        """
import threading
from concurrent.futures import ThreadPoolExecutor
import pytest

COUNTS = {"submit": 0, "start": 0, "connect": 0}

def counted(owner, method, name):
    original = getattr(owner, method)
    def call(*args, **kwargs):
        COUNTS[name] += 1
        return original(*args, **kwargs)
    setattr(owner, method, call)

def pytest_sessionstart():
    from django.db import connections
    counted(ThreadPoolExecutor, "submit", "submit")
    counted(threading.Thread, "start", "start")
    counted(type(connections["default"]), "get_new_connection", "connect")

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    before = dict(COUNTS)
    result = yield
    print(item.name, *(COUNTS[name] - before[name] for name in COUNTS))
    return result
"""
    )
    result = run(
        """
pytestmark = pytest.mark.django_db
async def body():
    await Tag.objects.aget_or_create(name="a")
    await sync_to_async(transaction.atomic(Tag.objects.count))()
@pytest.mark.async_orm_sandbox("off")
async def test_warm(): await body()
async def test_warm_isolated(): await body()
@pytest.mark.async_orm_sandbox("off")
async def test_unisolated(): await body()
async def test_isolated(): await body()
async def test_last(): "Pays for the end of the session."
""",
        "-s",
    )
    result.assert_outcomes(passed=5)
    counts = {
        line.split()[0].lstrip("."): line.split()[1:] for line in result.outlines if "test_" in line and " " in line
    }
    assert counts["test_isolated"] == counts["test_unisolated"] == ["2", "0", "0"]
