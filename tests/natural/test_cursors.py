"""Cursors: raw SQL, batches, iterators left early."""

import asyncio
import gc

import pytest
from asgiref.sync import sync_to_async
from django.db import DatabaseError, connection, connections, transaction

from sample_app.models import Tag

pytestmark = [pytest.mark.django_db, pytest.mark.asyncio]


async def test_raw_select():
    """A raw cursor sees the test's rows."""
    await Tag.objects.acreate(name="a")

    def work():
        with connection.cursor() as cursor:
            cursor.execute("SELECT name FROM sample_app_tag WHERE name = %s", ["a"])
            return cursor.fetchall()

    assert [tuple(row) for row in await sync_to_async(work)()] == [("a",)]


async def test_executemany():
    """A batch by a raw cursor."""

    def work():
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO sample_app_tag (name) VALUES (%s)", [(f"t{n}",) for n in range(3)])

    await asyncio.to_thread(work)
    assert await Tag.objects.acount() == 3


async def test_bad_sql():
    """A statement that the database cannot read leaves the connection usable."""
    await Tag.objects.acreate(name="a")

    def work():
        with connection.cursor() as cursor:
            cursor.execute("SELECT nonsense FROM nowhere")

    with pytest.raises(DatabaseError):
        await sync_to_async(work)()
    assert await Tag.objects.acount() == 1


async def test_cursor_rows_one_by_one():
    """fetchone, fetchmany and iteration."""
    await Tag.objects.abulk_create([Tag(name=f"t{n}") for n in range(6)])

    def work():
        with connection.cursor() as cursor:
            cursor.execute("SELECT name FROM sample_app_tag ORDER BY name")
            return [cursor.fetchone()[0], *(row[0] for row in cursor.fetchmany(2)), *(row[0] for row in cursor)]

    assert await sync_to_async(work)() == [f"t{n}" for n in range(6)]


async def test_aiterator():
    """aiterator runs to its end."""
    await Tag.objects.abulk_create([Tag(name=f"t{n}") for n in range(30)])
    assert len([tag async for tag in Tag.objects.aiterator(chunk_size=7)]) == 30


async def test_aiterator_left_early():
    """An iterator left early does not block what follows."""
    await Tag.objects.abulk_create([Tag(name=f"t{n}") for n in range(30)])
    async for _ in Tag.objects.aiterator(chunk_size=2):
        break
    await Tag.objects.acreate(name="after")
    gc.collect()
    assert await Tag.objects.acount() == 31


async def test_aiterator_left_by_an_error():
    """An error in the loop's body leaves the iterator; the next statement works."""
    await Tag.objects.abulk_create([Tag(name=f"t{n}") for n in range(30)])
    with pytest.raises(ValueError):
        async for _ in Tag.objects.aiterator(chunk_size=2):
            raise ValueError
    await Tag.objects.acreate(name="after")
    assert await Tag.objects.acount() == 31


async def test_aiterator_left_by_a_database_error():
    """A failed statement in the loop's body leaves the iterator; the next statement works."""
    await Tag.objects.abulk_create([Tag(name=f"t{n}") for n in range(30)])
    with pytest.raises(DatabaseError):
        async for tag in Tag.objects.aiterator(chunk_size=2):
            await Tag.objects.acreate(name=tag.name)
    assert await Tag.objects.acount() == 30


async def test_aiterator_left_by_a_cancelled_task():
    """A task is cancelled in the middle of an iterator; the next statement works."""
    await Tag.objects.abulk_create([Tag(name=f"t{n}") for n in range(30)])
    reading = asyncio.Event()

    async def read():
        try:
            async for _ in Tag.objects.aiterator(chunk_size=2):
                reading.set()
                await asyncio.Event().wait()
        finally:
            reading.set()

    task = asyncio.create_task(read())
    await reading.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await Tag.objects.acreate(name="after")
    assert await Tag.objects.acount() == 31


async def test_aiterator_closed_early():
    """An iterator that is closed by hand, as aclosing() does."""
    await Tag.objects.abulk_create([Tag(name=f"t{n}") for n in range(30)])
    iterator = Tag.objects.aiterator(chunk_size=2)
    assert (await iterator.__anext__()).name
    await iterator.aclose()
    await Tag.objects.all().adelete()
    assert not await Tag.objects.aexists()


async def test_two_aiterators_in_turn():
    """Two iterators that are read in turn both come to their ends."""
    await Tag.objects.abulk_create([Tag(name=f"t{n}") for n in range(9)])
    first = Tag.objects.order_by("name").aiterator(chunk_size=2)
    pairs = [
        (tag.name, (await first.__anext__()).name) async for tag in Tag.objects.order_by("name").aiterator(chunk_size=3)
    ]
    assert pairs == [(f"t{n}", f"t{n}") for n in range(9)]


async def test_iterator_of_a_thread_left_early():
    """iterator() that a thread leaves early, inside a transaction."""
    await Tag.objects.abulk_create([Tag(name=f"t{n}") for n in range(30)])

    def work():
        with transaction.atomic():
            return next(iter(Tag.objects.order_by("pk").iterator(chunk_size=2))).name

    assert await asyncio.to_thread(work) == "t0"
    assert await Tag.objects.acount() == 30


async def test_aiterator_with_writes_between():
    """Rows are changed while an iterator is open."""
    await Tag.objects.abulk_create([Tag(name=f"t{n}") for n in range(10)])
    async for tag in Tag.objects.order_by("pk").aiterator(chunk_size=3):
        await Tag.objects.filter(pk=tag.pk).aupdate(name=f"{tag.name}!")
    assert await Tag.objects.filter(name__endswith="!").acount() == 10


async def test_iterator_and_a_failure_between():
    """A failed statement does not end an open iterator."""
    await Tag.objects.abulk_create([Tag(name=f"t{n}") for n in range(10)])
    seen = 0
    async for _ in Tag.objects.aiterator(chunk_size=2):
        seen += 1
        with pytest.raises(DatabaseError):
            await Tag.objects.acreate(name="t0")
    assert seen == 10


async def test_sync_iterator_in_a_thread():
    """iterator() with its chunks, in a thread."""
    await Tag.objects.abulk_create([Tag(name=f"t{n}") for n in range(10)])
    assert len(await asyncio.to_thread(lambda: list(Tag.objects.iterator(chunk_size=3)))) == 10


async def test_cursor_kept_open():
    """A cursor that is never closed does no harm."""

    def work():
        cursor = connections["default"].cursor()
        cursor.execute("SELECT name FROM sample_app_tag")
        return cursor

    kept = await sync_to_async(work)()
    await Tag.objects.acreate(name="a")
    assert kept is not None
    assert await Tag.objects.acount() == 1


async def test_explain_and_introspection():
    """Statements that are no plain queries."""
    assert await Tag.objects.all().aexplain()
    names = await sync_to_async(lambda: connection.introspection.table_names())()
    assert "sample_app_tag" in names


async def test_queries_of_the_execute_wrapper():
    """A wrapper installed on a thread's connection sees that thread's statements."""

    def work():
        seen = []

        def wrapper(execute, sql, params, many, context):
            seen.append(sql)
            return execute(sql, params, many, context)

        with connection.execute_wrapper(wrapper):
            Tag.objects.count()
        return seen

    assert len(await sync_to_async(work)()) == 1
