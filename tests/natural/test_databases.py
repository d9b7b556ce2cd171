"""Two databases: both isolated if the test may use both, one refused if not."""

import asyncio

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction

from sample_app.models import AuditEntry, Tag

both = pytest.mark.django_db(databases=["default", "other"])
pytestmark = pytest.mark.asyncio


@both
@pytest.mark.parametrize("turn", ["first", "second"])
async def test_both_databases(turn):
    """Rows of both are gone in the next test."""
    await Tag.objects.acreate(name="a")
    await AuditEntry.objects.acreate(action="a")
    assert (await Tag.objects.acount(), await AuditEntry.objects.acount()) == (1, 1)


@both
async def test_both_on_many_threads():
    """Both from many threads."""
    await asyncio.gather(
        *(asyncio.to_thread(Tag.objects.create, name=f"t{n}") for n in range(4)),
        *(asyncio.to_thread(AuditEntry.objects.create, action=f"a{n}") for n in range(4)),
    )
    assert (await Tag.objects.acount(), await AuditEntry.objects.acount()) == (4, 4)


@both
async def test_failed_transaction_of_one():
    """A failed block on one database leaves the other's rows."""

    def work():
        AuditEntry.objects.create(action="kept")
        with transaction.atomic():
            Tag.objects.create(name="lost")
            raise ValueError

    with pytest.raises(ValueError):
        await sync_to_async(work)()
    assert (await Tag.objects.acount(), await AuditEntry.objects.acount()) == (0, 1)


@both
async def test_blocks_on_both():
    """Nested blocks on two databases."""

    def work():
        with transaction.atomic(), transaction.atomic(using="other"):
            Tag.objects.create(name="a")
            AuditEntry.objects.create(action="a")

    await sync_to_async(work)()
    assert (await Tag.objects.acount(), await AuditEntry.objects.acount()) == (1, 1)


@pytest.mark.django_db
async def test_forbidden_database():
    """A database that the test did not ask for is refused on asgiref's thread."""
    with pytest.raises(Exception, match="not allowed"):
        await AuditEntry.objects.acount()


@pytest.mark.django_db
async def test_forbidden_database_on_another_thread():
    """A database that the test did not ask for is refused on any other thread."""
    with pytest.raises(Exception, match="not allowed"):
        await asyncio.to_thread(AuditEntry.objects.count)


async def test_no_database_at_all():
    """Without the mark nothing is allowed, on asgiref's thread."""
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        await Tag.objects.acount()


async def test_no_database_at_all_on_another_thread():
    """Without the mark nothing is allowed on another thread."""
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        await asyncio.to_thread(Tag.objects.count)


async def test_db_fixture_without_a_mark(db):
    """The db fixture alone gives the database."""
    await Tag.objects.acreate(name="a")
    assert await Tag.objects.acount() == 1


@pytest.mark.django_db
async def test_after_the_sync_test():
    """The row of the test with the db fixture is gone in the next one."""
    assert await Tag.objects.acount() == 0
