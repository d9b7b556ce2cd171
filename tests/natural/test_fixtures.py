"""Rows of fixtures are visible wherever the test runs."""

import asyncio

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async

from sample_app.models import Tag

pytestmark = [pytest.mark.django_db, pytest.mark.asyncio]


async def test_sync_fixture(tag):
    """A row of a sync fixture is seen by the async ORM."""
    assert await Tag.objects.aget() == tag


async def test_async_fixture(async_tag):
    """A row of an async fixture is seen."""
    assert await Tag.objects.aget() == async_tag


async def test_sync_yield_fixture_that_deletes(yielded_tag):
    """A sync fixture deletes its row after the test."""
    assert await Tag.objects.aexists()


async def test_async_yield_fixture_that_deletes(yielded_async_tag):
    """An async fixture deletes its row after the test."""
    assert await Tag.objects.aexists()


async def test_fixtures_of_both_kinds(tag, async_tag):
    """Sync and async fixtures meet in one test."""
    assert await Tag.objects.acount() == 2


async def test_sync_fixture_is_seen_by_other_threads(tag):
    """A fixture's row is seen on any thread."""
    assert await asyncio.to_thread(Tag.objects.count) == 1
    assert await sync_to_async(Tag.objects.count, thread_sensitive=False)() == 1


async def test_change_of_a_fixtures_row(tag):
    """The test changes a fixture's row, and the main thread's view of it."""
    tag.name = "renamed"
    await tag.asave()
    await tag.arefresh_from_db()
    assert tag.name == "renamed"


@pytest_asyncio.fixture
async def checking(db):
    yield
    assert await Tag.objects.filter(name="of the test").aexists()


async def test_fixture_looks_after_the_test(checking):
    """An async fixture's tear-down sees what the test wrote."""
    await Tag.objects.acreate(name="of the test")


@pytest.fixture
def sync_checking(db):
    yield
    assert Tag.objects.filter(name="of the test").exists()


async def test_sync_fixture_looks_after_the_test(sync_checking):
    """A sync fixture's tear-down sees what the test wrote on another thread."""
    await Tag.objects.acreate(name="of the test")


async def test_requested_by_name(request):
    """A fixture that is asked for in the middle of a test."""
    await asyncio.to_thread(request.getfixturevalue, "tag")
    assert await Tag.objects.acount() == 1


@pytest.mark.parametrize("number", range(3))
async def test_parametrised(number, async_tag):
    """Each case starts from the fixture's row alone."""
    await Tag.objects.acreate(name="same name in each case")
    assert await Tag.objects.acount() == 2


class TestMethods:
    """Methods of a class with its own fixture."""

    @pytest_asyncio.fixture
    async def mine(self, db):
        return await Tag.objects.acreate(name="of the class")

    async def test_method(self, mine):
        """A method sees its class's fixture."""
        assert await Tag.objects.aget() == mine

    async def test_other_method(self, mine):
        """The next method sees a new row of the fixture."""
        assert await Tag.objects.acount() == 1


@pytest.mark.xfail(strict=True, raises=ValueError)
async def test_failing_test(async_tag):
    """A failing test leaves nothing behind."""
    await Tag.objects.acreate(name="left by a failure")
    raise ValueError


@pytest_asyncio.fixture
async def failing(db):
    await Tag.objects.acreate(name="left by a failing fixture")
    raise KeyError("in the fixture")


@pytest.mark.xfail(strict=True, raises=KeyError)
async def test_failing_fixture(failing):
    """A failing fixture leaves nothing behind."""


async def test_nothing_was_left_by_failures():
    """The next test starts empty."""
    assert await Tag.objects.acount() == 0
