"""What only a whole pytest run shows: start-up, options, markers, fixtures."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

DATABASE = os.environ.get("NATURAL_DATABASE", "sqlite-memory")
ROOT = Path(__file__).resolve().parent.parent.parent


# What a run without async database tests imports: no more of the plugin, and nothing of other packages but pytest.
STARTED = [
    "errors", "fixtures", "fixtures.databases", "fixtures.leaks", "fixtures.queries", "fixtures.scopes", "hooks",
    "hooks.assertions", "hooks.isolation", "hooks.leaks", "hooks.recording", "hooks.reporting", "hooks.scopes",
    "hooks.session", "hooks.telling", "items", "markers", "messages", "messages.leaks", "messages.sandbox", "options",
    "patches", "patches.mechanism", "patches.process", "patches.pytest_names", "plugin",
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
    assert await Tag.objects.acount() == 0
""",
    )  # fmt: skip
    result.assert_outcomes(passed=6)


BESIDE = """
from django.test import TransactionTestCase
made = []
@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def of_session(session_db):
    made.append("session")
    yield await Tag.objects.acreate(name="session")
    assert await Tag.objects.filter(name="session").aexists()
@pytest.fixture(scope="module")
def of_module(of_session, module_db):
    made.append("module")
    Tag.objects.create(name="module")
    yield
    assert Tag.objects.filter(name="module").exists()
def names():
    return sorted(Tag.objects.values_list("name", flat=True))
@pytest.mark.django_db
async def test_1(of_module):
    assert await sync_to_async(names)() == ["module", "session"]
@pytest.mark.django_db(transaction=True)
async def test_2_real():
    assert await sync_to_async(names)() == [] and made == ["session", "module"]
    await Tag.objects.acreate(name="real")
@pytest.mark.django_db(transaction=True)
def test_3_real():
    assert names() == []
    Tag.objects.create(name="real")
class Test4(TransactionTestCase):
    def test_it(self):
        self.assertEqual(names(), [])
        Tag.objects.create(name="real")
@pytest.mark.django_db
def test_5(of_module):
    assert names() == ["module", "session"] and made == ["session", "module"] * 2
class Test6(TransactionTestCase):
    def test_it(self):
        self.assertEqual(names(), [])
@pytest.mark.django_db(transaction=True)
async def test_7_asks_itself(of_session): pass
@pytest.mark.django_db
async def test_8(of_session):
    assert (await sync_to_async(names)())[-1] == "session" and made == ["session", "module"] * 2 + ["session"]
"""


@pytest.mark.parametrize("order", ["as written", "as pytest-django sorts"])
def test_scopes_beside_real_connections(run, pytester: pytest.Pytester, order: str) -> None:
    """Rows of wider scopes give way to tests with real connections, in whatever order they come, and are made again;
    a test that asks for both gets an error that says what to do, and no other test does.
    """
    if order == "as written":
        pytester.makeconftest(
            """
import pytest
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.nodeid.lower())
    items.sort(key=lambda item: item.nodeid.partition("::")[2].lower().removeprefix("test_").removeprefix("test"))
"""
        )
    source = BESIDE if order == "as written" else re.sub(r" and made == .*", "", BESIDE)
    result = run(source)
    result.assert_outcomes(passed=7, errors=1)
    result.stdout.fnmatch_lines(["*test_7_asks_itself asks for real connections*session_db (by of_session)*"])


@pytest.mark.planted
def test_scopes_that_stay_would_be_seen(run, pytester: pytest.Pytester) -> None:
    """The check of scopes beside real connections fails where the rows stay in place."""
    if not DATABASE.startswith("sqlite"):
        pytest.skip("on a server the clean-up may wait for these rows")
    pytester.makeconftest(
        """
def pytest_sessionstart():
    from pytest_async_orm.hooks import scopes
    scopes.give_way = lambda item: None
"""
    )
    outcomes = run(BESIDE, "--async-orm-leaks=off", ini="async_orm_lock_timeout = 1").parseoutcomes()
    assert outcomes.get("failed", 0) + outcomes.get("errors", 0) > 1


def test_scopes_of_autouse_fixtures(run) -> None:
    """A test with real connections under an autouse fixture of a wider scope is told which fixture, and what to do."""
    result = run(
        """
@pytest.fixture(scope="session", autouse=True)
def seeded(session_db):
    Tag.objects.create(name="session")
@pytest.mark.django_db
def test_isolated():
    assert Tag.objects.count() == 1
@pytest.mark.django_db(transaction=True)
def test_real(): pass
"""
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*asks for real connections*session_db (by seeded)*if a fixture is autouse*"])


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


BAD_SETTINGS = """
from natural_settings import *
for one in DATABASES.values():
    one["CONN_MAX_AGE"] = 600
    one.get("OPTIONS", {}).pop("pool", None)
"""
BAD_ENVIRONMENT = """
@pytest.mark.django_db
async def test_one(): pass
@pytest.mark.django_db
async def test_two(): pass
@pytest.mark.django_db
def test_sync(): pass
async def test_no_database(): pass
"""


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_traps_are_told_once(run, pytester: pytest.Pytester, workers: list[str]) -> None:
    """A setting that is known to be bad is told once in a session, in a section, and no filter makes it a failure."""
    pytester.makepyfile(bad_settings=BAD_SETTINGS)
    result = run(BAD_ENVIRONMENT, "-W", "error", "--junitxml=junit.xml", *workers, settings="bad_settings")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(
        ["*= environment of async tests =*", "CONN_MAX_AGE is above 0 for 'default', 'other'.*"]
    )
    assert result.stdout.str().count("CONN_MAX_AGE is above 0") == 1
    assert 'name="async_orm_environment" value="CONN_MAX_AGE' in (pytester.path / "junit.xml").read_text()


@pytest.mark.parametrize("chosen", ["test_sync", "no_database"])
def test_traps_are_for_async_database_tests(run, pytester: pytest.Pytester, chosen: str) -> None:
    """A session without an async test that uses a database is told nothing."""
    pytester.makepyfile(bad_settings=BAD_SETTINGS)
    result = run(BAD_ENVIRONMENT, "-W", "error", "-k", chosen, settings="bad_settings")
    result.assert_outcomes(passed=1, deselected=3)
    result.stdout.no_fnmatch_line("*CONN_MAX_AGE*")


def test_notices_reach_the_files(run, pytester: pytest.Pytester) -> None:
    """What is told in the terminal is in the JSON file and in the page, from workers too, and equal texts are one."""
    pytester.makepyfile(bad_settings=BAD_SETTINGS)
    options = ["--async-orm-report=report.json", "--async-orm-html=page.html", "-n", "2"]
    run(BAD_ENVIRONMENT, *options, settings="bad_settings").assert_outcomes(passed=4)
    notices = json.loads((pytester.path / "report.json").read_text())["notices"]
    (told,) = [notice for notice in notices if notice["text"].startswith("CONN_MAX_AGE")]
    assert told["topic"] == "environment of async tests"
    assert "CONN_MAX_AGE is above 0 for" in (pytester.path / "page.html").read_text()


@pytest.mark.planted
def test_a_notice_by_a_warning_would_fail(run, pytester: pytest.Pytester) -> None:
    """The check of warnings sees one: if the plugin told by `warnings`, `-W error` would turn the session red."""
    pytester.makepyfile(bad_settings=BAD_SETTINGS)
    pytester.makeconftest(
        """
import warnings
def pytest_runtest_setup(item):
    from pytest_async_orm.hooks import isolation
    isolation.tell = lambda item, topic, text: warnings.warn(text, stacklevel=2)
"""
    )
    result = run(BAD_ENVIRONMENT, "-W", "error", settings="bad_settings")
    assert result.parseoutcomes().get("failed")


FORGOTTEN = """
import warnings
@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["async", "sync"])
def test_forgotten(kind):
    async def mine(): pass
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        mine()
        Tag.objects.acount()
    places = [(one.filename, one.lineno) for one in caught]
    assert places == [(__file__, 14), (__file__, 15)]
"""


def test_never_awaited_keeps_the_users_line(run) -> None:
    """The interpreter's warning of a forgotten coroutine names the user's line, so that filters by module match."""
    result = run(FORGOTTEN)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["* x ORM coroutine never awaited: test_inner.py:15"])
    source = "@pytest.mark.django_db\ndef test_it():\n    Tag.objects.acount()\n"
    ini = "filterwarnings =\n    error\n    ignore:coroutine .* was never awaited:RuntimeWarning:test_inner\n"
    run(source, ini=ini).assert_outcomes(passed=1)


@pytest.mark.planted
def test_a_frame_of_ours_would_be_named(run, pytester: pytest.Pytester) -> None:
    """The check sees a frame between the interpreter and the function that warns of its caller."""
    pytester.makeconftest(
        """
import pytest, warnings
@pytest.fixture(autouse=True)
def planted(monkeypatch):
    original = warnings._warn_unawaited_coroutine
    monkeypatch.setattr(warnings, "_warn_unawaited_coroutine", lambda coroutine: original(coroutine))
"""
    )
    run(FORGOTTEN).assert_outcomes(failed=2)


OVERRIDE = """
@pytest.mark.django_db
async def test_it():
    def routed():
        return hasattr(connections["default"], "lease")
    assert await sync_to_async(routed)()
"""
OVERRIDING = """
import pytest
@pytest.fixture(scope="session")
def django_db_setup({asks}django_db_blocker):
    yield
@pytest.fixture
def _django_db_helper(_django_db_helper):
    yield
def pytest_sessionstart():
    from pytest_async_orm.hooks import isolation
    original = isolation._look_for_traps
    def counted(config):
        print("looked for traps")
        return original(config)
    isolation._look_for_traps = counted
"""


@pytest.mark.parametrize("asks", ["django_db_setup, ", ""])
def test_overridden_fixtures(run, pytester: pytest.Pytester, asks: str) -> None:
    """A project's own `django_db_setup` may ask for pytest-django's or take its place: what is done once a session is
    done once.
    """
    pytester.makeconftest(OVERRIDING.format(asks=asks))
    result = run(OVERRIDE, "-s")
    if asks or DATABASE == "sqlite-memory":
        result.assert_outcomes(passed=1)
    assert result.stdout.str().count("looked for traps") == 1


def test_values_of_fixtures_are_not_touched(run) -> None:
    """A lazy object that nobody uses is not set up, of whatever scope, before the first database test and after it."""
    result = run(
        """
from django.utils.functional import SimpleLazyObject
class Touchy:
    def __getattribute__(self, name):
        raise RuntimeError(f"touched: {name}")
def load():
    raise RuntimeError("evaluated")
@pytest.fixture(scope="session")
def of_session():
    return SimpleLazyObject(load)
@pytest.fixture(scope="module")
def of_module():
    return Touchy()
@pytest.fixture(scope="class")
def of_class():
    return SimpleLazyObject(load)
@pytest.mark.django_db
async def test_database(of_session):
    await Tag.objects.acount()
async def test_none(of_module, of_class):
    pass
"""
    )
    result.assert_outcomes(passed=2)


AUTOUSE = """
@pytest_asyncio.fixture(autouse=True)
async def broker():
    yield
@pytest.fixture
def rows(db):
    pass
@pytest_asyncio.fixture
async def tag(rows):
    return await Tag.objects.acreate(name="a")
pytestmark = pytest.mark.django_db
def test_alone():
    assert connection.in_atomic_block and not hasattr(connections["default"], "lease")
def test_beside_async_rows(tag):
    assert hasattr(connections["default"], "lease")
    assert Tag.objects.get() == tag
async def test_async():
    assert await sync_to_async(lambda: hasattr(connections["default"], "lease"))()
"""


def test_async_fixtures_without_a_database(run) -> None:
    """A sync test is isolated if an async fixture of its asks for a database, by whatever way, and not otherwise."""
    run(AUTOUSE).assert_outcomes(passed=3)


def test_database_asked_for_in_a_coroutine(run) -> None:
    """`getfixturevalue("db")` while the loop runs is an error that says what to do; later tests are not touched."""
    result = run(
        """
@pytest.mark.django_db
async def test_before():
    assert await Tag.objects.acount() == 0
async def test_body(request):
    request.getfixturevalue("db")
async def test_scope(request):
    request.getfixturevalue("class_db")
def test_later(db):
    assert Tag.objects.count() == 0
"""
    )
    result.assert_outcomes(passed=2, failed=2)
    for test in ("test_body", "test_scope"):
        result.stdout.fnmatch_lines(
            [f"*DatabaseAskedInLoop: test_inner.py::{test}* asked for a database by*signature*"]
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


CAPTURE = """
from django.test import TestCase
pytestmark = pytest.mark.django_db
ran = []
@pytest.fixture(autouse=True)
def nothing_ran():
    ran.clear()
def order(name, using="default", robust=False, then=None):
    with transaction.atomic(using=using):
        transaction.on_commit(then or (lambda: ran.append(name)), using=using, robust=robust)
def in_autocommit():
    transaction.on_commit(lambda: ran.append("at once"))
async def test_executed(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        await sync_to_async(order)("a")
        await asyncio.to_thread(order, "b")
        await asyncio.to_thread(in_autocommit)
        assert ran == []
    assert ran == ["a", "b", "at once"] and len(callbacks) == 3
    await sync_to_async(order)("after")
    assert ran[-1] == "after"
async def test_captured_alone(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        await sync_to_async(order)("a")
    assert len(callbacks) == 1 and ran == []
async def test_by_the_class():
    with TestCase.captureOnCommitCallbacks(execute=True) as callbacks:
        await sync_to_async(order)("a")
    assert len(callbacks) == 1 and ran == ["a"]
async def test_database_in_a_callback(django_capture_on_commit_callbacks):
    def write():
        Tag.objects.create(name="by a callback")
        order("second")
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        await sync_to_async(order)("a", then=write)
    assert len(callbacks) == 2 and ran == ["second"]
    assert await Tag.objects.filter(name="by a callback").acount() == 1
async def test_rolled_back(django_capture_on_commit_callbacks):
    def work():
        with transaction.atomic():
            try:
                with transaction.atomic():
                    transaction.on_commit(lambda: ran.append("gone"))
                    raise ValueError
            except ValueError:
                order("kept")
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        await sync_to_async(work)()
    assert len(callbacks) == 1 and ran == ["kept"]
async def test_errors(django_capture_on_commit_callbacks, caplog):
    def fails():
        raise ValueError("of a callback")
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        await sync_to_async(order)("a", robust=True, then=fails)
        await sync_to_async(order)("b")
    assert len(callbacks) == 2 and ran == ["b"] and "Error calling" in caplog.text
    with pytest.raises(ValueError, match="of a callback"):
        with django_capture_on_commit_callbacks(execute=True):
            await sync_to_async(order)("a", then=fails)
    with pytest.raises(KeyError):
        with django_capture_on_commit_callbacks() as callbacks:
            await sync_to_async(order)("a")
            raise KeyError
    assert len(callbacks) == 1
@pytest.mark.django_db(databases=["default", "other"])
async def test_of_one_alias(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(using="other", execute=True) as callbacks:
        await sync_to_async(order)("of other", "other")
        await sync_to_async(order)("of default")
        assert ran == ["of default"]
    assert len(callbacks) == 1 and ran == ["of default", "of other"]
async def test_nested(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as outer:
        await sync_to_async(order)("a")
        with django_capture_on_commit_callbacks() as inner:
            await sync_to_async(order)("b")
    assert (len(outer), len(inner)) == (2, 1)
async def test_inside_a_block(django_capture_on_commit_callbacks):
    def work():
        with transaction.atomic():
            order("before")
            with django_capture_on_commit_callbacks(execute=True) as callbacks:
                order("a")
            assert len(callbacks) == 1 and ran == ["a"]
    await sync_to_async(work)()
    assert ran == ["a", "before"]
def test_sync(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        order("a")
    assert len(callbacks) == 1 and ran == ["a"]
class TestClass(TestCase):
    def test_it(self):
        with self.captureOnCommitCallbacks(execute=True) as callbacks:
            order("a")
        assert len(callbacks) == 1 and ran == ["a"]
"""


def test_callbacks_of_commits_are_captured(run) -> None:
    """Django's capture of `on_commit` callbacks finds what is committed on whatever thread, as in a sync test."""
    run(CAPTURE).assert_outcomes(passed=11)


@pytest.mark.planted
def test_callbacks_that_run_would_be_seen(run, pytester: pytest.Pytester) -> None:
    """The check of captures fails where a shared connection runs its callbacks itself."""
    pytester.makeconftest(
        """
def pytest_sessionstart():
    from pytest_async_orm.sharing.callbacks import Captures
    Captures.of = lambda self, alias: None
"""
    )
    assert run(CAPTURE).parseoutcomes().get("failed", 0) >= 5


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
