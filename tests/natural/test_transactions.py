"""Transactions of the code under test behave as in production, within the test's own."""

import asyncio

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import IntegrityError, connection, transaction
from django.db.transaction import TransactionManagementError
from natural_marks import since_asgiref_38

from sample_app.models import Comment, Post, Tag

pytestmark = [pytest.mark.django_db, pytest.mark.asyncio]


async def test_commit():
    """What an atomic block wrote stays."""

    @transaction.atomic
    def work():
        Tag.objects.create(name="a")

    await sync_to_async(work)()
    assert await Tag.objects.acount() == 1


async def test_roll_back_by_an_error():
    """What an atomic block wrote is gone if it raises; what was before stays."""
    await Tag.objects.acreate(name="before")

    @transaction.atomic
    def work():
        Tag.objects.create(name="inside")
        raise ValueError

    with pytest.raises(ValueError):
        await sync_to_async(work)()
    assert [tag.name async for tag in Tag.objects.all()] == ["before"]


async def test_nested_savepoint():
    """An inner block fails alone."""

    def work():
        with transaction.atomic():
            Tag.objects.create(name="outer")
            with pytest.raises(IntegrityError), transaction.atomic():
                Tag.objects.create(name="inner")
                Tag.objects.create(name="outer")
            Tag.objects.create(name="last")

    await sync_to_async(work)()
    assert sorted([tag.name async for tag in Tag.objects.all()]) == ["last", "outer"]


async def test_explicit_savepoints():
    """Savepoints made by hand."""

    def work():
        with transaction.atomic():
            Tag.objects.create(name="kept")
            sid = connection.savepoint()
            Tag.objects.create(name="dropped")
            connection.savepoint_rollback(sid)
            sid = connection.savepoint()
            Tag.objects.create(name="second")
            connection.savepoint_commit(sid)

    await sync_to_async(work)()
    assert sorted([tag.name async for tag in Tag.objects.all()]) == ["kept", "second"]


async def test_not_in_atomic_block_outside_of_one():
    """Outside atomic the connection is in autocommit."""

    def work():
        inside = []
        outside = (connection.in_atomic_block, connection.get_autocommit())
        with transaction.atomic():
            inside.append(connection.in_atomic_block)
        return outside, inside

    assert await sync_to_async(work)() == ((False, True), [True])


async def test_durable():
    """A durable block works at the outermost level and is refused inside another."""

    def work():
        with transaction.atomic(durable=True):
            Tag.objects.create(name="a")
        with transaction.atomic(), pytest.raises(RuntimeError), transaction.atomic(durable=True):
            pass

    await sync_to_async(work)()
    assert await Tag.objects.acount() == 1


async def test_select_for_update_needs_a_transaction():
    """A lock outside atomic is refused, inside it works, where the database has locks."""

    def work():
        if not connection.features.has_select_for_update:
            return
        with pytest.raises(TransactionManagementError):
            list(Tag.objects.select_for_update())
        with transaction.atomic():
            list(Tag.objects.select_for_update())

    await sync_to_async(work)()


async def test_select_for_update_nowait_and_skip_locked():
    """The variants of a lock, as far as the database has them, find a row that nobody holds."""
    await Tag.objects.acreate(name="a")

    @transaction.atomic
    def work():
        found = [list(Tag.objects.select_for_update())]
        if connection.features.has_select_for_update_nowait:
            found.append(list(Tag.objects.select_for_update(nowait=True)))
        if connection.features.has_select_for_update_skip_locked:
            found.append(list(Tag.objects.select_for_update(skip_locked=True)))
        return found

    assert {len(rows) for rows in await sync_to_async(work)()} == {1}


async def test_foreign_key_of_no_row():
    """A row whose parent does not exist is refused, and the test goes on."""
    with pytest.raises(IntegrityError):
        await Comment.objects.acreate(post_id=4711, content="of no post")
    assert await Comment.objects.acount() == 0
    assert await Tag.objects.acreate(name="goes on")


async def test_foreign_key_of_no_row_at_the_end_of_a_block():
    """At the latest the commit refuses it, and with it the whole block; nothing is called that waited for it."""
    called = []

    def work():
        with transaction.atomic():
            transaction.on_commit(lambda: called.append("committed"))
            Tag.objects.create(name="goes too")
            Comment.objects.create(post_id=4711, content="of no post")

    with pytest.raises(IntegrityError):
        await sync_to_async(work)()
    assert (await Tag.objects.acount(), called) == (0, [])


async def test_parent_after_its_child():
    """Within one block the order does not matter, where the database lets keys wait."""

    @transaction.atomic
    def work():
        if connection.features.can_defer_constraint_checks:
            Comment.objects.create(post_id=4711, content="first")
        Post.objects.create(pk=4711, title="later")

    await sync_to_async(work)()
    assert await Post.objects.acount() == 1


@since_asgiref_38
async def test_block_around_async_to_sync():
    """Coroutines that a block runs are part of its transaction."""

    async def inner():
        await Tag.objects.acreate(name="of a coroutine")
        await asyncio.gather(*(Tag.objects.acreate(name=f"t{n}") for n in range(3)))

    @transaction.atomic
    def work():
        async_to_sync(inner)()
        assert Tag.objects.count() == 4
        raise ValueError

    with pytest.raises(ValueError):
        await sync_to_async(work)()
    assert not await Tag.objects.aexists()


async def test_error_inside_atomic_poisons_the_block():
    """After an error inside a block no query runs until it ends."""

    def work():
        Tag.objects.create(name="a")
        with transaction.atomic():
            with pytest.raises(IntegrityError):
                Tag.objects.create(name="a")
            with pytest.raises(TransactionManagementError):
                Tag.objects.count()
            connection.set_rollback(True)
        return Tag.objects.count()

    assert await sync_to_async(work)() == 1


async def test_set_rollback():
    """A block that asks for it is rolled back without an error."""

    def work():
        with transaction.atomic():
            Tag.objects.create(name="a")
            transaction.set_rollback(True)

    await sync_to_async(work)()
    assert await Tag.objects.acount() == 0


async def test_manual_transaction():
    """Autocommit is switched off and on by hand."""

    def work():
        transaction.set_autocommit(False)
        try:
            Tag.objects.create(name="rolled back")
            transaction.rollback()
            Tag.objects.create(name="committed")
            transaction.commit()
        finally:
            transaction.set_autocommit(True)

    await sync_to_async(work)()
    assert [tag.name async for tag in Tag.objects.all()] == ["committed"]


@pytest.fixture
def sync_atomic(db):
    with transaction.atomic():
        Tag.objects.create(name="of a fixture's block")
    return None


async def test_atomic_in_a_sync_fixture(sync_atomic):
    """A fixture's finished block is seen by the test."""
    assert await Tag.objects.acount() == 1
