"""Cursors, iterators, coroutines and pool slots that a program leaves."""

import asyncio
import os
from importlib.util import find_spec

import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from sample_app.models import Tag


@pytest.fixture
async def tags():
    await Tag.objects.abulk_create([Tag(name=f"t{number}") for number in range(4)])


async def test_cursor(kept):
    """A cursor that is kept."""

    def work():
        cursor = connection.cursor()  # leak: cursor left open
        cursor.execute("SELECT 1")
        kept.append(cursor)

    await sync_to_async(work)()


async def test_cursor_from_a_coroutine(kept):
    """A cursor that is handed back to a coroutine."""
    kept.append(await sync_to_async(lambda: connection.cursor())())  # leak: cursor left open


@pytest.mark.locks
async def test_iterator(tags, kept):
    """A sync iterator left in the middle."""

    def work():
        rows = Tag.objects.iterator(chunk_size=1)
        kept.append(rows)
        next(rows)  # leak: cursor left open

    await sync_to_async(work)()


@pytest.mark.locks
async def test_aiterator(tags, kept):
    """An async iterator left in the middle."""
    rows = Tag.objects.aiterator(chunk_size=1)
    kept.append(rows)
    await anext(rows)  # leak: async generator left open


@pytest.mark.locks
async def test_generator_around_it(tags, kept):
    """A generator of the program's around it."""

    async def names():
        async for tag in Tag.objects.aiterator(chunk_size=1):  # leak: async generator left open
            yield tag.name

    generator = names()
    kept.append(generator)
    await anext(generator)


@pytest.mark.locks
async def test_iterator_of_values(tags, kept):
    """The same of values, in a task."""

    async def work():
        rows = Tag.objects.values("name").aiterator(chunk_size=1)
        kept.append(rows)
        async for _ in rows:  # leak: async generator left open
            break

    await asyncio.create_task(work())


async def test_forgotten():
    """A statement without its await."""
    Tag.objects.acreate(name="never")  # leak: ORM coroutine never awaited


async def test_forgotten_in_a_variable():
    """A coroutine that is made here and dropped later."""
    forgotten = Tag.objects.filter(name="a").aexists()  # leak: ORM coroutine never awaited
    await Tag.objects.acount()
    assert forgotten is not None


async def test_forgotten_save():
    """A model's own method."""
    Tag(name="never").asave()  # leak: ORM coroutine never awaited


async def test_forgotten_sync_to_async():
    """A function of the ORM's that was handed to sync_to_async."""
    sync_to_async(Tag.objects.count)()  # leak: ORM coroutine never awaited


@pytest.mark.real_only
@pytest.mark.skipif(os.environ.get("NATURAL_DATABASE") != "postgresql-pool", reason="no pool")
async def test_slot():
    """A pool's connection that was taken by hand."""
    await Tag.objects.acount()
    await sync_to_async(lambda: connection.pool.getconn())()  # leak: pool slot not returned


async def test_unsafe(monkeypatch):
    """The sync ORM in a coroutine: its connection is the task's."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

    async def work():
        Tag.objects.count()  # leak: orphaned

    await asyncio.create_task(work())


@pytest.mark.real_only
@pytest.mark.skipif(os.environ.get("NATURAL_DATABASE") != "postgresql", reason="it is for PostgreSQL")
@pytest.mark.skipif(find_spec("django_async_backend") is None, reason="django-async-backend is not installed")
async def test_native():
    """A native async connection of a task."""
    from django_async_backend.db.backends.postgresql.async_base import AsyncDatabaseWrapper

    async def work():
        settings = {**connection.settings_dict, "OPTIONS": {}}
        wrapper = AsyncDatabaseWrapper(settings, "default")
        await wrapper.ensure_connection()  # leak: orphaned

    await asyncio.create_task(work())
