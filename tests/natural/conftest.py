"""Fixtures as a project's own suite would have them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from sample_app.models import AuditEntry, Tag


@pytest.fixture(autouse=True)
def nothing_of_earlier_tests(request: pytest.FixtureRequest) -> None:
    """What every suite relies on: the tables are empty when a test starts."""
    marker = request.node.get_closest_marker("django_db")
    if marker is None or (request.cls is not None and hasattr(request.cls, "keeps_rows")):
        return
    request.getfixturevalue("db")
    assert list(Tag.objects.values_list("name", flat=True)) == []
    if "other" in marker.kwargs.get("databases", ()):
        assert AuditEntry.objects.count() == 0


@pytest.fixture
def tag(db: None) -> Tag:
    return Tag.objects.create(name="from a sync fixture")


@pytest.fixture
def yielded_tag(db: None) -> Iterator[Tag]:
    tag = Tag.objects.create(name="from a sync yield fixture")
    yield tag
    tag.delete()


@pytest_asyncio.fixture
async def async_tag(db: None) -> Tag:
    return await Tag.objects.acreate(name="from an async fixture")


@pytest_asyncio.fixture
async def yielded_async_tag(db: None) -> AsyncIterator[Tag]:
    tag = await Tag.objects.acreate(name="from an async yield fixture")
    yield tag
    await tag.adelete()
