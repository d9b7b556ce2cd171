"""Databases and drivers that the plugin does not know are left alone, and told of once."""

from __future__ import annotations

import sqlite3
from types import SimpleNamespace

import pytest
from django.db import connection

from pytest_async_orm.drivers.dialects import dialect_for
from pytest_async_orm.sharing.real import can_be_shared

BACKEND = """
from django.db.backends.sqlite3 import base

class DatabaseWrapper(base.DatabaseWrapper):
    pass
"""
SETTINGS = """
from natural_settings import *

DATABASES = {alias: dict(database) for alias, database in DATABASES.items()}
DATABASES["default"]["ENGINE"] = "another"
"""
TESTS = """
pytestmark = pytest.mark.django_db(databases="__all__")

@pytest.fixture(scope="session", autouse=True)
def unknown(django_db_setup):
    '''Once the tables are made, for which Django has to know the vendor.'''
    type(connections["default"]).vendor = "another"

def in_thread(call):
    found = []
    thread = threading.Thread(target=lambda: (found.append(call()), connections.close_all()))
    thread.start()
    thread.join()
    return found

async def test_async():
    assert not hasattr(await sync_to_async(lambda: connections["default"])(), "is_virtual")

async def test_another_async():
    assert await Tag.objects.acount() == 0

def test_sync_with_a_thread():
    assert in_thread(lambda: hasattr(connections["default"], "is_virtual")) == [False]

class TestClass:
    def test_of_a_class(self):
        assert in_thread(Tag.objects.count) == [0]

async def test_the_others_are_isolated():
    found = await sync_to_async(lambda: [hasattr(connections[alias], "is_virtual") for alias in connections])()
    assert found == [alias != "default" for alias in connections]

@pytest.mark.async_orm_sandbox("all")
async def test_asks():
    pass
"""


@pytest.fixture
def another(pytester: pytest.Pytester) -> str:
    """The settings module of a project with a backend of its own, whose vendor nobody knows."""
    if connection.vendor != "sqlite":
        pytest.skip("the backend is made of SQLite's")
    package = pytester.mkpydir("another")
    (package / "base.py").write_text(BACKEND)
    pytester.makepyfile(another_settings=SETTINGS)
    return "another_settings"


def test_unknown_vendor(run, another: str) -> None:
    """Tests run as without the plugin, which says once what it cannot do; only what asks to be isolated is an error."""
    result = run(TESTS, settings=another)
    result.assert_outcomes(passed=5, errors=1)
    result.stdout.fnmatch_lines(["*UnsupportedConnection*'default' (another)*"])
    told = [line for line in result.outlines if line.startswith("The plugin cannot isolate 'default' (another)")]
    assert len(told) == 1


@pytest.mark.parametrize("vendor", ["sqlite", "postgresql", "mysql", "oracle"])
def test_unknown_driver(vendor: str) -> None:
    """A driver that has nothing of those that are known gets no dialect, whatever its database."""
    assert dialect_for(vendor, object()) is None
    assert not can_be_shared(SimpleNamespace(vendor=vendor, connection=object()))


def test_known_driver() -> None:
    """Told by the class: a connection that is closed refuses to be asked."""
    raw = sqlite3.connect(":memory:")
    raw.close()
    assert dialect_for("sqlite", raw) is not None
    assert can_be_shared(SimpleNamespace(vendor="another", connection=None)), "nobody knows yet"
