"""Cursors that the server keeps, as `iterator()` opens them on PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, connections

from pytest_async_orm.sharing.sandbox import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.async_orm_sandbox("off")]


def test_made_over_the_raw_connection(sandbox: Sandbox, shared_connection: Any) -> None:
    """A cursor with a name sends nothing past the turn: it is virtual, and its driver's connection is the raw one."""
    if connection.vendor != "postgresql":
        pytest.skip("no cursors of the server's")
    cursor = connections["default"].chunked_cursor()
    assert cursor.cursor._raw.connection is shared_connection.raw
    cursor.execute("SELECT generate_series(1, 5)")
    assert [row[0] for row in cursor.fetchmany(2)] == [1, 2]
    cursor.close()


PROGRAM = """
@pytest.mark.django_db
@pytest.mark.parametrize("number", range(10))
@pytest.mark.slow
async def test_many_at_once(number):
    await Tag.objects.abulk_create(Tag(name=f"{row}") for row in range(10))
    async def left_early():
        async for tag in Tag.objects.aiterator(chunk_size=1):
            await asyncio.sleep(0)
            break
    counts = [sync_to_async(Tag.objects.count, thread_sensitive=False)() for _ in range(3)]
    found = await asyncio.gather(*(left_early() for _ in range(5)), *counts)
    assert found[5:] == [10, 10, 10]
"""


def test_many_at_once(run) -> None:
    """Iterators that several tasks leave early never meet the statements of other threads."""
    run(PROGRAM, ini="async_orm_lock_timeout = 60").assert_outcomes(passed=10)


MEETS = """
from pytest_async_orm.patches.process import PROCESS

def test_waits():
    return PROCESS.router.host._guests._shared["default"].queue.waiting

test_waits.__test__ = False

class Guest(threading.Thread):
    '''In a block whose statement has failed.'''

    failed = threading.Event()

    def run(self):
        try:
            with transaction.atomic():
                try:
                    Tag.objects.raw("SELECT nonsense")[0]
                finally:
                    self.failed.set()
                    while not (ITERATED.wait(0.005) or test_waits()):
                        pass
        except Exception:
            connections.close_all()

ITERATED = threading.Event()

def begin_a_guest():
    guest = Guest()
    guest.start()
    assert guest.failed.wait(20)
    return guest

@pytest.mark.django_db
@pytest.mark.parametrize("held", [False, True])
def test_iterates(held):
    ITERATED.clear()
    Guest.failed.clear()
    Tag.objects.bulk_create(Tag(name=f"{row}") for row in range(10))
    guest, seen = None, []
    rows = Tag.objects.order_by("pk").iterator(chunk_size=2)
    try:
        for tag in rows if held else Tag.objects.order_by("pk").iterator(chunk_size=2):
            guest = guest or begin_a_guest()
            seen.append(tag.name)
    finally:
        ITERATED.set()
        guest.join()
    assert len(seen) == 10
    assert "create_cursor" in vars(connections["default"])

def test_nothing_stays():
    assert not {"create_cursor", "chunked_cursor"} & set(vars(connections["default"]))
"""


def test_held_by_a_generator(run) -> None:
    """A guest that joins while the test goes through an iterator takes turns with it: no batch is asked for in the
    middle of the guest's transaction.
    """
    if connection.vendor != "postgresql":
        pytest.skip("no cursors of the server's")
    run(MEETS).assert_outcomes(passed=3)


@pytest.mark.planted
def test_planted_fault_is_caught(run, pytester: pytest.Pytester) -> None:
    """Cursors of the server's that nobody remembers."""
    if connection.vendor != "postgresql":
        pytest.skip("no cursors of the server's")
    pytester.makeconftest(
        "def pytest_runtest_setup(item):\n"
        "    from pytest_async_orm.sharing.hosting import Host\n"
        "    Host._chunked_cursor = lambda self, wrapper: type(wrapper).chunked_cursor(wrapper)\n"
    )
    assert run(MEETS).parseoutcomes().get("failed", 0) == 2
