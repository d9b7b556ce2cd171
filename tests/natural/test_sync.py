"""Sync tests beside async ones behave as without the plugin."""

import pytest
import pytest_asyncio

from sample_app.models import Tag

pytestmark = pytest.mark.django_db


@pytest_asyncio.fixture
async def of_an_async_fixture(db):
    return await Tag.objects.acreate(name="from an async fixture")


def test_sync_test_with_an_async_fixture(of_an_async_fixture):
    """A sync test sees the row of an async fixture."""
    assert Tag.objects.get() == of_an_async_fixture


@pytest.mark.parametrize("turn", ["first", "second"])
def test_sync_test(turn):
    """A row of a sync test is gone in the next one."""
    Tag.objects.create(name="a")
    assert Tag.objects.count() == 1


@pytest.mark.asyncio
async def test_async_test_after_them():
    """A row of a sync test is gone in the next async one."""
    assert await Tag.objects.acount() == 0
