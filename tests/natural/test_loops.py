"""Loops of every scope."""

import asyncio

import pytest
import pytest_asyncio

from sample_app.models import Tag

pytestmark = pytest.mark.django_db


@pytest.mark.asyncio(loop_scope="class")
class TestClassLoop:
    """A loop for the class."""

    async def test_first(self, tag):
        """The first test of the class."""
        await Tag.objects.acreate(name="a")
        assert await Tag.objects.acount() == 2

    async def test_second(self):
        """The second sees nothing of it."""
        assert await Tag.objects.acount() == 0


@pytest.mark.asyncio(loop_scope="module")
async def test_module_loop_first():
    """A loop for the module."""
    await Tag.objects.acreate(name="a")
    assert await Tag.objects.acount() == 1


@pytest.mark.asyncio(loop_scope="module")
async def test_module_loop_second():
    """The second test on it."""
    assert await Tag.objects.acount() == 0


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("turn", range(3))
async def test_session_loop(turn):
    """A loop for the session, with threads that outlive each test."""
    await asyncio.gather(*(asyncio.to_thread(Tag.objects.create, name=f"t{n}") for n in range(4)))
    assert await Tag.objects.acount() == 4


@pytest_asyncio.fixture(loop_scope="session")
async def session_loop_tag(db):
    return await Tag.objects.acreate(name="of the session loop")


@pytest.mark.asyncio(loop_scope="session")
async def test_fixture_on_the_session_loop(session_loop_tag):
    """An async fixture on the session's loop."""
    assert await Tag.objects.aget() == session_loop_tag


@pytest.mark.asyncio
async def test_fixture_on_another_loop(session_loop_tag):
    """A fixture on one loop, the test on another."""
    assert await Tag.objects.aget() == session_loop_tag
