"""Programs that look like leaks and are none: cursors, iterators, coroutines."""

import asyncio
from contextlib import aclosing, closing

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, transaction

from sample_app.models import Post, Tag


@pytest.fixture
async def tags():
    await Tag.objects.abulk_create([Tag(name=f"t{number}") for number in range(4)])


async def test_cursor_in_a_block():
    """with connection.cursor()."""

    def work():
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return cursor.fetchall()

    assert await sync_to_async(work)()


async def test_cursor_closed_by_hand(kept):
    """A closed cursor may be kept."""

    def work():
        cursor = connection.cursor()
        cursor.execute("SELECT 1")
        cursor.close()
        kept.append(cursor)

    await sync_to_async(work)()


async def test_cursor_dropped():
    """A cursor that nobody keeps."""
    await sync_to_async(lambda: connection.cursor().execute("SELECT 1"))()


async def test_cursor_of_a_closed_connection(kept):
    """The connection took its cursor along."""

    def work():
        cursor = connection.cursor()
        cursor.execute("SELECT 1")
        kept.append(cursor)
        connection.close()

    await sync_to_async(work)()


async def test_iterator_to_its_end(tags):
    """A sync iterator."""
    assert len(await sync_to_async(lambda: list(Tag.objects.iterator(chunk_size=1)))()) == 4


async def test_iterator_left_early(tags):
    """A sync iterator that is left and dropped."""

    def work():
        for _ in Tag.objects.iterator(chunk_size=1):
            break

    await sync_to_async(work)()


async def test_iterator_closed_early(tags, kept):
    """A sync iterator that is closed and kept."""

    def work():
        with closing(Tag.objects.iterator(chunk_size=1)) as rows:
            next(rows)
        kept.append(rows)

    await sync_to_async(work)()


async def test_aiterator_to_its_end(tags):
    """An async iterator."""
    assert len([tag async for tag in Tag.objects.aiterator(chunk_size=1)]) == 4


@pytest.mark.locks
async def test_aiterator_left_early(tags):
    """An async iterator that is left and dropped: the loop closes it."""
    async for _ in Tag.objects.aiterator(chunk_size=1):
        break
    await Tag.objects.acount()


@pytest.mark.locks
async def test_aiterator_in_aclosing(tags):
    """An async iterator that is left inside aclosing."""
    async with aclosing(Tag.objects.aiterator(chunk_size=1)) as rows:
        async for _ in rows:
            break


async def test_aiterator_never_begun(kept):
    """A generator that was not iterated holds nothing."""
    kept.append(Tag.objects.aiterator())


async def test_queryset_left_early(tags, kept):
    """`async for` over a queryset has fetched all rows, and holds nothing."""
    rows = aiter(Tag.objects.all())
    kept.append(rows)
    await anext(rows)


@pytest.mark.locks
async def test_generator_closed(tags):
    """A generator of the program's that is closed."""

    async def names():
        async for tag in Tag.objects.aiterator(chunk_size=1):
            yield tag.name

    async with aclosing(names()) as found:
        assert await anext(found)


@pytest.fixture
async def rows(tags):
    async with aclosing(Tag.objects.aiterator(chunk_size=1)) as found:
        yield found


@pytest.mark.locks
async def test_generator_of_a_fixture(rows):
    """A fixture closes it after the test."""
    assert await anext(rows)


@pytest.mark.locks
async def test_iterator_with_a_failure(tags):
    """An exception in the middle."""

    async def work():
        async for _ in Tag.objects.aiterator(chunk_size=1):
            raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"):
        await work()


async def test_orm_calls(tags):
    """The async ORM, all over asgiref's thread."""
    tag = await Tag.objects.aget(name="t0")
    tag.name = "changed"
    await tag.asave()
    await Tag.objects.aget_or_create(name="new")
    await Tag.objects.filter(name="new").adelete()
    post = await Post.objects.acreate(title="a", content="b")
    await post.tags.aadd(tag)
    assert [tag async for tag in post.tags.all()] == [tag]


async def test_orm_calls_at_once(tags):
    """Under gather."""
    await asyncio.gather(*(Tag.objects.acount() for _ in range(5)))


async def test_transaction_that_ends():
    """atomic on asgiref's thread."""

    def work():
        with transaction.atomic():
            Tag.objects.create(name="a")

    await sync_to_async(work)()
    await Tag.objects.all().adelete()


async def test_awaited_later():
    """A coroutine that is awaited after a while."""
    later = Tag.objects.acount()
    await asyncio.to_thread(len, "abc")
    assert await later == 0


async def test_closed_coroutine():
    """A coroutine that is given up."""
    Tag.objects.acount().close()


async def test_cancelled_before_its_start():
    """A task that is cancelled before its first step."""
    task = asyncio.create_task(Tag.objects.acount())
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_forgotten_function_of_the_programs():
    """A coroutine of the program's own is not the ORM's."""

    async def work():
        await Tag.objects.acount()

    work()


async def test_with_a_timeout():
    """A time-out that does not strike."""
    await asyncio.wait_for(Tag.objects.acount(), 20)
