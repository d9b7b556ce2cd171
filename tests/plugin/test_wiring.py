"""What only a whole pytest run shows: hooks, options, markers, fixtures, reports."""

from __future__ import annotations

import os
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
INSTALLED = bool(entry_points(group="pytest11", name="async_orm"))
PREAMBLE = """
import asyncio, threading
import pytest, pytest_asyncio
from asgiref.sync import sync_to_async
from django.db import connection, connections, transaction
from sample_app.models import AuditEntry, Comment, Post, Tag
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
    """Run a suite in a process of its own, on the same database server and another database."""
    roots = [HERE.parent / "natural", HERE.parent.parent]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, roots)))
    for name in ("PGDATABASE", "MYSQL_DATABASE"):
        monkeypatch.setenv(name, os.environ.get(name, "async_orm") + "_inner")
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    monkeypatch.setenv("NATURAL_DIRECTORY", str(pytester.path))

    def call(source: str, *arguments: str, ini: str = "", settings: str = "natural_settings") -> pytest.RunResult:
        pytester.makeini(
            f"[pytest]\nDJANGO_SETTINGS_MODULE = {settings}\nasyncio_mode = auto\n"
            f"asyncio_default_fixture_loop_scope = function\npythonpath = .\n{ini}"
        )
        pytester.makepyfile(test_inner=PREAMBLE + source)
        plugin = [] if INSTALLED else ["-p", "pytest_async_orm.plugin"]
        return pytester.runpytest_subprocess(
            *plugin, "--nomigrations", "-p", "no:randomly", "-p", "no:cacheprovider", *arguments
        )

    return call


def test_starting_up_imports_nothing_heavy() -> None:
    """Importing the plugin imports neither Django nor asgiref nor asyncio nor any part that touches them."""
    import subprocess

    code = (
        "import pytest, sys; before = set(sys.modules); import pytest_async_orm.plugin; "
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}; "
        "print(sorted(new & {'django', 'asgiref', 'asyncio', 'hypothesis', 'pytest_django'}), "
        "any(name.startswith(('pytest_async_orm.connections', 'pytest_async_orm.sandbox')) for name in sys.modules))"
    )
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent.parent)}
    found = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["[]", "False"]


def test_without_a_database_test_nothing_happens(run) -> None:
    """A suite of async tests without a database leaves Django's look-ups as they are and no state behind."""
    result = run(
        """
async def test_plain(pytestconfig):
    from django.db.utils import ConnectionHandler
    from pytest_async_orm.fixtures.state import STATE
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
    """A marker with a bad mode, or with none, is an error of that test, with the remedy."""
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
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(
        ["*the mode of the marker async_orm_sandbox is 'some': use one of*", "*takes exactly one mode, such as*"]
    )


def test_scopes(run) -> None:
    """Rows of class, module and session fixtures are seen by every test of the scope, and no test spoils them."""
    result = run(
        """
pytestmark = pytest.mark.django_db
@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def of_session(session_db):
    yield await Tag.objects.acreate(name="session")
    assert await Tag.objects.filter(name="session").aexists()
@pytest.fixture(scope="module")
def of_module(module_db):
    yield Tag.objects.create(name="module")
    assert Tag.objects.filter(name="module").exists()
def names():
    return sorted(Tag.objects.values_list("name", flat=True))
class TestWithRows:
    @pytest_asyncio.fixture(scope="class", loop_scope="class")
    async def of_class(self, class_db):
        return await Tag.objects.acreate(name="class")
    @pytest.mark.parametrize("turn", [1, 2])
    async def test_async(self, of_session, of_module, of_class, turn):
        assert await sync_to_async(names)() == ["class", "module", "session"]
        await Tag.objects.all().adelete()
        await Tag.objects.acreate(name="spoilt")
    @pytest.mark.parametrize("turn", [1, 2])
    def test_sync(self, of_session, of_module, of_class, turn):
        assert names() == ["class", "module", "session"]
        Tag.objects.all().delete()
async def test_after_the_class(of_module, of_session):
    assert await sync_to_async(names)() == ["module", "session"]
@pytest.mark.django_db(transaction=True)
async def test_real_connections():
    pass
""",
    )  # fmt: skip
    result.assert_outcomes(passed=5, errors=1)
    result.stdout.fnmatch_lines(["*asks for real connections*while class_db, module_db or*"])


def test_scopes_are_guarded(run) -> None:
    """A test without the mark may not use the database, even while a scope keeps rows in it."""
    result = run(
        """
@pytest.fixture(scope="module")
def row(module_db):
    return Tag.objects.create(name="module")
def test_sync(row):
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        Tag.objects.count()
async def test_async(row):
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        await Tag.objects.acount()
@pytest.mark.django_db
async def test_marked(row):
    assert await Tag.objects.acount() == 1
"""
    )
    result.assert_outcomes(passed=3)


def test_scopes_need_a_test_database(run) -> None:
    """Where pytest-django made no test database, a scope fixture refuses rather than write into the real one."""
    result = run(
        """
def test_without_a_mark(module_db):
    pass
"""
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*module_db needs the test database 'default', which pytest-django made for no test*"])


def test_deadlock_is_reported_and_the_suite_goes_on(run) -> None:
    """Two threads that wait for each other get the report within the time-out; the next test is not touched."""
    result = run(
        """
@pytest.mark.django_db
async def test_deadlock():
    def inner():
        Tag.objects.count()
    def outer():
        with transaction.atomic():
            thread = threading.Thread(target=work, name="inner thread")
            thread.start()
            thread.join()
        if failure:
            raise failure[0]
    failure = []
    def work():
        try:
            inner()
        except Exception as error:
            failure.append(error)
    await asyncio.to_thread(outer)
@pytest.mark.django_db
async def test_next():
    assert await Tag.objects.acount() == 0
""",
        ini="async_orm_lock_timeout = 0.5",
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*SandboxDeadlock: Waited 0.5 s for the connection 'default' of the test test_inner.py::test_deadlock*",
         "*waiting: thread 'inner thread'*", "*in inner*", "*holding: thread 'asyncio_*", "*in outer*"]
    )  # fmt: skip


def test_leftovers_are_named(run) -> None:
    """Tasks and threads that outlive a test are named with their stacks, and later get an error, not another
    test's rows.
    """
    result = run(
        """
pytestmark = [pytest.mark.django_db, pytest.mark.asyncio(loop_scope="module")]
kept = {}
async def late_task(event):
    await event.wait()
    await Tag.objects.acreate(name="late")
def late_thread(started, go_on):
    Tag.objects.count()
    started.set()
    go_on.wait(20)
    try:
        Tag.objects.create(name="late")
    except Exception as error:
        kept["error"] = error
async def test_leaves():
    kept["event"], started, kept["go on"] = asyncio.Event(), threading.Event(), threading.Event()
    kept["task"] = asyncio.create_task(late_task(kept["event"]), name="late task")
    kept["thread"] = threading.Thread(target=late_thread, args=(started, kept["go on"]), name="late thread")
    kept["thread"].start()
    await asyncio.to_thread(started.wait)
async def test_next():
    kept["event"].set()
    kept["go on"].set()
    with pytest.raises(Exception, match="test_leaves.* started used the database"):
        await kept["task"]
    await asyncio.to_thread(kept["thread"].join)
    assert "test_leaves" in str(kept["error"]) and "test_next" in str(kept["error"])
    assert await Tag.objects.acount() == 0
"""
    )
    result.assert_outcomes(passed=2, warnings=1)
    result.stdout.fnmatch_lines(
        ["*LeftoverWorkWarning: The test test_inner.py::test_leaves ended while*", "*task 'late task'*",
         "*in late_task*", "*thread 'late thread'*", "*in late_thread*"]
    )  # fmt: skip


def test_real_connections_of_other_threads_are_closed(run) -> None:
    """What a transactional test left open on asgiref's thread is closed when it ends, so that the database can be
    dropped.
    """
    if os.environ.get("NATURAL_DATABASE", "sqlite-memory") == "sqlite-memory":
        pytest.skip("Django does not close a database in memory")
    result = run(
        """
held = []
@pytest.mark.django_db(transaction=True)
async def test_opens():
    def opened():
        connection.ensure_connection()
        return connections["default"]
    held.append(await sync_to_async(opened)())
    assert held[0].connection is not None
@pytest.mark.django_db(transaction=True)
def test_closed():
    assert held[0].connection is None
"""
    )
    result.assert_outcomes(passed=2)


def test_native_connections_are_refused(run, pytester: pytest.Pytester) -> None:
    """A connection of django-async-backend to an isolated database is an error that says so."""
    pytest.importorskip("django_async_backend")
    if not os.environ.get("NATURAL_DATABASE", "").startswith("postgresql"):
        pytest.skip("it is for PostgreSQL")
    pytester.makepyfile(
        native_settings="from natural_settings import *\n"
        "for one in DATABASES.values(): one['ENGINE'] = 'django_async_backend.db.backends.postgresql'\n"
    )
    result = run(
        """
from pytest_async_orm import UnsupportedConnection
@pytest.mark.django_db
async def test_native():
    from django_async_backend.db import async_connections
    await Tag.objects.acreate(name="a")
    with pytest.raises(UnsupportedConnection, match="A native async connection to 'default' was opened"):
        await async_connections["default"].cursor()
""",
        settings="native_settings",
    )
    result.assert_outcomes(passed=1)


def test_threads_of_wider_fixtures_are_nobodys(run) -> None:
    """A server thread that a session fixture starts in the midst of a test serves later tests too."""
    result = run(
        """
import queue
pytestmark = pytest.mark.django_db
@pytest.fixture(scope="session")
def server():
    inbox, outbox = queue.Queue(), queue.Queue()
    def serve():
        while inbox.get():
            outbox.put(Tag.objects.count())
    thread = threading.Thread(target=serve)
    thread.start()
    def ask():
        inbox.put(True)
        return outbox.get(timeout=10)
    yield ask
    inbox.put(False)
    thread.join()
@pytest.mark.parametrize("turn", [1, 2])
async def test_ask(request, turn):
    ask = request.getfixturevalue("server")
    await Tag.objects.acreate(name="a")
    assert await asyncio.to_thread(ask) == 1
"""
    )
    result.assert_outcomes(passed=2)


def test_a_spoilt_connection_is_named_and_replaced(run) -> None:
    """A test that ends the raw transaction fails, by name; the next starts afresh with empty tables."""
    if os.environ.get("NATURAL_DATABASE", "sqlite-memory").startswith("sqlite-file"):
        pytest.skip("the same as in memory")
    result = run(
        """
pytestmark = pytest.mark.django_db
async def test_commits():
    await Tag.objects.acreate(name="committed")
    def commit():
        connections["default"].connection.commit()
    await sync_to_async(commit)()
async def test_next():
    assert await Tag.objects.acount() == 0
    await Tag.objects.acreate(name="committed")
def test_sync_next():
    assert Tag.objects.count() == 0
"""
    )
    result.assert_outcomes(passed=3, errors=1, warnings=1)
    result.stdout.fnmatch_lines(
        ["*TransactionLost: The transaction that isolates the test test_inner.py::test_commits on 'default' is gone*",
         "*every table of 'default' was emptied before the next test*"]
    )  # fmt: skip


def test_deferred_constraints_are_checked(run) -> None:
    """A row that points nowhere is found at the end of the test, as pytest-django finds it in a sync test."""
    if os.environ.get("NATURAL_DATABASE", "").startswith("mariadb"):
        pytest.skip("no deferred constraints")
    result = run(
        """
@pytest.mark.django_db
async def test_violates():
    await Comment.objects.acreate(post_id=12345, content="nowhere")
@pytest.mark.django_db
async def test_next():
    assert await Comment.objects.acount() == 0
"""
    )
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*IntegrityError*"])


def test_traps_are_told_once(run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that is known to be bad is told once in a session, and not where no test uses a database."""
    pytester.makepyfile(
        bad_settings="from natural_settings import *\nfor one in DATABASES.values(): one['CONN_MAX_AGE'] = 600\n"
    )
    source = """
@pytest.mark.django_db
async def test_one(): pass
@pytest.mark.django_db
async def test_two(): pass
def test_no_database(): pass
"""
    result = run(source, settings="bad_settings")
    result.assert_outcomes(passed=3, warnings=1)
    result.stdout.fnmatch_lines(["*EnvironmentTrapWarning: CONN_MAX_AGE is above 0 for 'default', 'other'.*"])
    run(source, "-k", "no_database", settings="bad_settings").assert_outcomes(passed=1, deselected=2)


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
