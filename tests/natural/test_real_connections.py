"""Tests that ask for real connections get them, and leave the database as they found it."""

import asyncio

import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from sample_app.models import Tag

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


@pytest.mark.parametrize("turn", ["first", "second"])
async def test_committed_rows_are_removed(turn):
    """Rows are committed, and gone in the next test."""
    await Tag.objects.acreate(name="committed")
    assert await Tag.objects.acount() == 1


async def test_on_the_executor():
    """Connections of the loop's executor are closed with the test."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite locks a table that another connection writes")
    await asyncio.gather(*(asyncio.to_thread(Tag.objects.create, name=f"t{n}") for n in range(3)))
    assert await sync_to_async(Tag.objects.count)() == 3
