"""What only a whole pytest run shows: deadlocks, leftovers, lost transactions, and the tests that follow them."""

from __future__ import annotations

import os

import pytest


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
        ["*SandboxDeadlock: Do not wait inside atomic()*",
         "*test_inner.py:* holds the connection 'default' and waits for the end of thread 'inner thread'*",
         "*waiting: thread 'inner thread'*", "*in inner*", "*holding: thread 'asyncio_*", "*in outer*"]
    )  # fmt: skip


@pytest.mark.slow
def test_leftovers_are_named(run) -> None:
    """Tasks and threads that outlive a test are named with their stacks; later they get an error, not others' rows."""
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
""",
        "--async-orm-leaks=off",
    )
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        ["*= work left running =*", "The test test_inner.py::test_leaves ended while*", "*task 'late task'*",
         "*in late_task*", "*thread 'late thread'*", "*in late_thread*"]
    )  # fmt: skip


def test_real_connections_of_other_threads_are_closed(run) -> None:
    """What a transactional test left open on asgiref's thread is closed at its end: the database can be dropped."""
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
        connections["default"].lease.shared.raw.commit()
    await sync_to_async(commit)()
async def test_next():
    assert await Tag.objects.acount() == 0
    await Tag.objects.acreate(name="committed")
def test_sync_next():
    assert Tag.objects.count() == 0
"""
    )
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(["*= tables emptied =*", "Rows of the test test_inner.py::test_commits may have been*"])
    result.stdout.fnmatch_lines(
        ["*TransactionLost: The transaction that isolates the test test_inner.py::test_commits on 'default' is gone*",
         "*every table of 'default' was emptied before the next test*"]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "outcomes"), [("isolated", {"failed": 1, "passed": 1}), ("guest", {"passed": 2, "errors": 1})]
)
def test_deferred_constraints_are_checked(run, kind: str, outcomes: dict[str, int]) -> None:
    """A row that points nowhere is found by its commit; in a sync test at its end, as pytest-django finds it."""
    if os.environ.get("NATURAL_DATABASE", "").startswith("mariadb"):
        pytest.skip("no deferred constraints")
    result = run(
        """
async def write():
    await Comment.objects.acreate(post_id=12345, content="nowhere")
    await asyncio.to_thread(connections.close_all)
@pytest.mark.django_db
async def test_isolated():
    await write()
@pytest.mark.django_db
def test_guest():
    asyncio.run(write())
@pytest.mark.django_db
async def test_next():
    assert await Comment.objects.acount() == 0
""",
        "-k",
        f"{kind} or next",
    )
    result.assert_outcomes(**outcomes, deselected=1)
    result.stdout.fnmatch_lines(["*IntegrityError*"])
