"""Threads that join the transaction of a test which keeps it: sync tests, and unittest's classes."""

from __future__ import annotations

import pytest

GUESTS = """
from concurrent.futures import ThreadPoolExecutor
from django.test import TestCase
from unittest import IsolatedAsyncioTestCase

def in_thread(call):
    with ThreadPoolExecutor(1) as pool:
        def work():
            try:
                return call()
            finally:
                connections.close_all()
        return pool.submit(work).result(20)

def empty():
    assert list(Tag.objects.values_list("name", flat=True)) == []

"""

KINDS = {
    "thread": "    in_thread(lambda: Tag.objects.create(name='guest'))\n",
    "asyncio_run": "    asyncio.run(Tag.objects.acreate(name='guest'))\n",
    "task": "    asyncio.run(gathered())\n",
    "atomic": "    in_thread(lambda: transaction.atomic()(Tag.objects.create)(name='guest'))\n",
    "durable": "    in_thread(lambda: transaction.atomic(durable=True)(Tag.objects.create)(name='guest'))\n",
}


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_both(run, kind: str) -> None:
    """A guest sees the test's rows, the test sees the guest's, and neither stays."""
    result = run(
        GUESTS
        + "async def gathered():\n    await asyncio.gather(*(asyncio.create_task(one) for one in "
        + "[Tag.objects.acreate(name='guest'), asyncio.to_thread(Tag.objects.count)]))\n    "
        + "await asyncio.to_thread(connections.close_all)\n\n"
        + "@pytest.mark.django_db\ndef test_both():\n    empty()\n    Tag.objects.create(name='test')\n"
        + "    assert in_thread(Tag.objects.count) == 1\n"
        + KINDS[kind]
        + "    assert sorted(Tag.objects.values_list('name', flat=True)) == ['guest', 'test']\n"
        + "    assert connection.in_atomic_block\n\n"
        + "@pytest.mark.django_db\ndef test_nothing():\n    empty()\n"
    )
    result.assert_outcomes(passed=2)


SEMANTICS = """
@pytest.mark.django_db
def test_the_tests_own_thread_is_djangos(django_capture_on_commit_callbacks):
    before = connections["default"]
    in_thread(Tag.objects.count)
    assert connections["default"] is before
    with django_capture_on_commit_callbacks() as callbacks:
        transaction.on_commit(lambda: None)
    assert len(callbacks) == 1
    with transaction.atomic():
        Tag.objects.select_for_update().first()

@pytest.mark.django_db
def test_a_guests_commit_goes_with_the_block_around_it():
    with pytest.raises(ZeroDivisionError):
        with transaction.atomic():
            in_thread(lambda: Tag.objects.create(name="guest"))
            assert Tag.objects.count() == 1
            1 / 0
    empty()
    in_thread(lambda: Tag.objects.create(name="later"))
    assert Tag.objects.count() == 1

@pytest.mark.django_db
def test_a_guests_failure_is_its_own():
    Tag.objects.create(name="test")
    def fails():
        with pytest.raises(Exception):
            with connection.cursor() as cursor:
                cursor.execute("SELECT nonsense FROM nowhere")
        return Tag.objects.count()
    assert in_thread(fails) == 1
    assert Tag.objects.count() == 1

@pytest.mark.django_db
def test_a_guests_failure_takes_no_row_along():
    def fails():
        Tag.objects.create(name="guest")
        with pytest.raises(Exception):
            with connection.cursor() as cursor:
                cursor.execute("SELECT nonsense FROM nowhere")
        return Tag.objects.count()
    assert in_thread(fails) == 1
    assert Tag.objects.count() == 1

@pytest.mark.django_db
def test_a_guests_rollback_takes_its_own_rows_alone():
    Tag.objects.create(name="test")
    def rolls_back():
        with transaction.atomic():
            Tag.objects.create(name="guest")
            transaction.set_rollback(True)
    in_thread(rolls_back)
    assert list(Tag.objects.values_list("name", flat=True)) == ["test"]

@pytest.mark.django_db
def test_callbacks_of_a_guest_run_with_its_commit():
    ran = []
    def commits():
        with transaction.atomic():
            transaction.on_commit(lambda: ran.append(1))
            assert not ran
        return list(ran)
    assert in_thread(commits) == [1]

@pytest.mark.django_db
def test_cursors_that_were_open_before_a_guest_came():
    Tag.objects.bulk_create(Tag(name=f"{number}") for number in range(10))
    rows = Tag.objects.order_by("pk").iterator(chunk_size=2)
    first = next(rows)
    in_thread(Tag.objects.count)
    assert [first.name, *(row.name for row in rows)] == [f"{number}" for number in range(10)]

@pytest.mark.django_db
def test_last():
    empty()
"""


def test_semantics(run) -> None:
    """The test's own thread keeps Django's semantics, and a guest has production's inside the test's transaction."""
    run(GUESTS + SEMANTICS).assert_outcomes(passed=8)


CLASSES = """
class TestOfDjango(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.tag = Tag.objects.create(name="class")

    def test_sync(self):
        self.assertEqual(in_thread(Tag.objects.count), 1)
        in_thread(lambda: Tag.objects.create(name="guest"))
        self.assertEqual(Tag.objects.count(), 2)

    async def test_async(self):
        await Tag.objects.acreate(name="x")
        self.assertEqual(await sync_to_async(in_thread)(Tag.objects.count), 2)

    def test_again(self):
        self.assertEqual(Tag.objects.count(), 1)

@pytest.mark.django_db
class TestOfUnittest(IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        await Tag.objects.acreate(name="set up")

    async def test_one(self):
        self.assertEqual(await Tag.objects.acount(), 1)

    async def test_two(self):
        await Tag.objects.acreate(name="two")
        self.assertEqual(await Tag.objects.acount(), 2)

@pytest.mark.django_db
def test_last():
    empty()
"""


def test_classes(run) -> None:
    """Threads join the transactions of Django's TestCase and of IsolatedAsyncioTestCase with the mark."""
    run(GUESTS + CLASSES).assert_outcomes(passed=6)


OLD = """
from django.db import close_old_connections

class TestOfDjango(TestCase):
    async def test_a_library_closes_old_connections(self):
        await Tag.objects.acreate(name="x")
        await sync_to_async(close_old_connections)()
        self.assertEqual(await Tag.objects.acount(), 1)

    def test_outside_of_a_transaction_it_is_djangos(self):
        self.assertIn("close_if_unusable_or_obsolete", vars(connections["default"]))

@pytest.mark.django_db
def test_sync():
    Tag.objects.create(name="x")
    close_old_connections()
    assert Tag.objects.count() == 1

@pytest.mark.django_db(transaction=True)
def test_real():
    Tag.objects.count()
    assert "close_if_unusable_or_obsolete" not in vars(connections["default"])
"""


def test_close_old_connections_leaves_the_tests_transaction(run) -> None:
    """What a library calls before and after its work does not end the transaction of the test that it works for."""
    run(GUESTS + OLD).assert_outcomes(passed=4)


LATE = """
def works_on(going, finished):
    going.wait(20)
    try:
        Tag.objects.create(name="late")
    except Exception as error:
        finished.append(type(error).__name__)
    else:
        finished.append("written")
    connections.close_all()

going, finished = threading.Event(), []

@pytest.mark.django_db
@pytest.mark.allow_connection_leaks(reason="the thread goes on")
def test_leaves_a_guest():
    def guest():
        Tag.objects.count()
        ready.set()
        works_on(going, finished)
    ready = threading.Event()
    global thread
    thread = threading.Thread(target=guest)
    thread.start()
    assert ready.wait(20)

@pytest.mark.django_db
def test_next():
    going.set()
    thread.join(20)
    assert finished == ["SandboxEnded"]
    empty()
"""


def test_a_guest_that_outlives_its_test_is_refused(run) -> None:
    """No statement of an ended test reaches a later one."""
    run(GUESTS + LATE).assert_outcomes(passed=2)


UNTOUCHED = """
@pytest.mark.django_db
def test_nothing_differs():
    real = connections["default"]
    assert "create_cursor" not in vars(real)
    with connection.cursor() as cursor:
        assert type(cursor.cursor).__module__ != "pytest_async_orm.sharing.cursors"
    in_thread(Tag.objects.count)
    assert "create_cursor" in vars(real)

@pytest.mark.django_db
def test_and_nothing_is_left():
    assert "create_cursor" not in vars(connections["default"])

@pytest.mark.django_db
@pytest.mark.async_orm_sandbox("off")
def test_off():
    Tag.objects.create(name="x")
    from pytest_async_orm.patches.process import PROCESS
    assert PROCESS.router is None or PROCESS.router.top is None
"""


def test_without_guests_nothing_differs(run) -> None:
    """Before a guest comes, and after the test, the test's connection is as without the plugin."""
    run(GUESTS + UNTOUCHED).assert_outcomes(passed=3)


@pytest.mark.planted
@pytest.mark.parametrize("fault", ["_let_go", "protect"])
def test_planted_fault_is_caught(run, pytester: pytest.Pytester, fault: str) -> None:
    """A guest's savepoint that outlives its statement, or none at all, fails the tests of semantics."""
    from conftest import DATABASE

    if not DATABASE.startswith("postgresql"):
        pytest.skip("a failure spoils the transaction on PostgreSQL alone")
    pytester.makeconftest(
        f"""
def pytest_runtest_setup(item):
    from pytest_async_orm.sharing.guests import HostedConnection
    HostedConnection.{fault} = lambda self, *statement: None
"""
    )
    result = run(GUESTS + SEMANTICS)
    assert result.parseoutcomes().get("failed", 0) > 0
