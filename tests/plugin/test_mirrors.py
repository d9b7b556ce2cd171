"""Replicas, which tests have as mirrors of their primaries (`TEST["MIRROR"]`)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pytest_async_orm.sharing.sandbox import _mirrors_in

SETTINGS = """
from natural_settings import *

DATABASES = {alias: dict(database) for alias, database in DATABASES.items()}
DATABASES["replica"] = {**DATABASES["default"], "TEST": {"MIRROR": "default"}}
DATABASE_ROUTERS = ["mirror_settings.Router"]

class Router:
    def db_for_read(self, model, **hints):
        return "replica"

    def db_for_write(self, model, **hints):
        return "default"

    def allow_relation(self, *objects, **hints):
        return True
"""
TESTS = """
pytestmark = pytest.mark.django_db(databases=["default", "replica"])

async def test_rows():
    await Tag.objects.acreate(name="a")
    assert await Tag.objects.acount() == await Tag.objects.using("default").acount() == 1
    assert (await Tag.objects.aget())._state.db == "replica"

async def test_starts_empty():
    assert await Tag.objects.acount() == 0

async def test_in_a_transaction():
    names = iter("ab")
    @transaction.atomic(using="default")
    @transaction.atomic(using="replica")
    def work():
        Tag.objects.create(name=next(names))
        return Tag.objects.count()
    assert await asyncio.gather(*(asyncio.to_thread(work) for _ in range(2))) in ([1, 2], [2, 1])
    await asyncio.to_thread(connections.close_all)

async def test_connections():
    def listed():
        Tag.objects.count()
        return [connection.alias for connection in connections.all(initialized_only=True)]
    assert await sync_to_async(listed)() == ["default"]
    await sync_to_async(connections.close_all)()

@pytest.mark.django_db(databases=["default"])
async def test_replica_that_was_not_asked_for():
    await Tag.objects.acreate(name="a")
    with pytest.raises(Exception, match="replica"):
        await Tag.objects.acount()
"""


def test_replica_shows_its_primary(run, pytester: pytest.Pytester) -> None:
    """In an isolated test a mirror shows what was written to its primary, in transactions too."""
    pytester.makepyfile(mirror_settings=SETTINGS)
    result = run(TESTS, "--async-orm-leaks=off", settings="mirror_settings")
    result.assert_outcomes(passed=5)


@pytest.mark.parametrize(
    ("mirrors", "found"),
    [
        ({"default": None, "replica": "default"}, {"replica": "default"}),
        ({"default": None, "other": None}, {}),
        ({"replica": "default"}, {}),
    ],
)
def test_mirrors_in(mirrors: dict[str, Any], found: dict[str, str]) -> None:
    """A mirror is one whose primary is isolated as well."""
    wrappers: Any = [
        SimpleNamespace(alias=alias, settings_dict={"TEST": {"MIRROR": primary}}) for alias, primary in mirrors.items()
    ]
    assert _mirrors_in(wrappers) == found


def test_an_alias_without_settings_for_tests_is_no_mirror() -> None:
    """As one that a project adds while it runs."""
    wrappers: Any = [SimpleNamespace(alias="added", settings_dict={})]
    assert _mirrors_in(wrappers) == {}
