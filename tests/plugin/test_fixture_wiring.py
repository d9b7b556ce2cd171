"""What only a whole pytest run shows of fixtures: a project's own, their values, and when they ask for a database."""

from __future__ import annotations

import os

import pytest

DATABASE = os.environ.get("NATURAL_DATABASE", "sqlite-memory")
OVERRIDE = """
@pytest.mark.django_db
async def test_it():
    def routed():
        return hasattr(connections["default"], "lease")
    assert await sync_to_async(routed)()
"""
OVERRIDING = """
import pytest
@pytest.fixture(scope="session")
def django_db_setup({asks}django_db_blocker):
    yield
@pytest.fixture
def _django_db_helper(_django_db_helper):
    yield
def pytest_sessionstart():
    from pytest_async_orm.hooks import isolation
    original = isolation._look_for_traps
    def counted(config):
        print("looked for traps")
        return original(config)
    isolation._look_for_traps = counted
"""


@pytest.mark.parametrize("asks", ["django_db_setup, ", ""])
def test_overridden_fixtures(run, pytester: pytest.Pytester, asks: str) -> None:
    """A project's own `django_db_setup` may ask for pytest-django's or take its place: what is done once a session is
    done once.
    """
    pytester.makeconftest(OVERRIDING.format(asks=asks))
    result = run(OVERRIDE, "-s")
    if asks or DATABASE == "sqlite-memory":
        result.assert_outcomes(passed=1)
    assert result.stdout.str().count("looked for traps") == 1


def test_values_of_fixtures_are_not_touched(run) -> None:
    """A lazy object that nobody uses is not set up, of whatever scope, before the first database test and after it."""
    result = run(
        """
from django.utils.functional import SimpleLazyObject
class Touchy:
    def __getattribute__(self, name):
        raise RuntimeError(f"touched: {name}")
def load():
    raise RuntimeError("evaluated")
@pytest.fixture(scope="session")
def of_session():
    return SimpleLazyObject(load)
@pytest.fixture(scope="module")
def of_module():
    return Touchy()
@pytest.fixture(scope="class")
def of_class():
    return SimpleLazyObject(load)
@pytest.mark.django_db
async def test_database(of_session):
    await Tag.objects.acount()
async def test_none(of_module, of_class):
    pass
"""
    )
    result.assert_outcomes(passed=2)


AUTOUSE = """
@pytest_asyncio.fixture(autouse=True)
async def broker():
    yield
@pytest.fixture
def rows(db):
    pass
@pytest_asyncio.fixture
async def tag(rows):
    return await Tag.objects.acreate(name="a")
pytestmark = pytest.mark.django_db
def test_alone():
    assert connection.in_atomic_block and not hasattr(connections["default"], "lease")
def test_beside_async_rows(tag):
    assert hasattr(connections["default"], "lease")
    assert Tag.objects.get() == tag
async def test_async():
    assert await sync_to_async(lambda: hasattr(connections["default"], "lease"))()
"""


def test_async_fixtures_without_a_database(run) -> None:
    """A sync test is isolated if an async fixture of its asks for a database, by whatever way, and not otherwise."""
    run(AUTOUSE).assert_outcomes(passed=3)


def test_database_asked_for_in_a_coroutine(run) -> None:
    """`getfixturevalue("db")` while the loop runs is an error that says what to do; later tests are not touched."""
    result = run(
        """
@pytest.mark.django_db
async def test_before():
    assert await Tag.objects.acount() == 0
async def test_body(request):
    request.getfixturevalue("db")
async def test_scope(request):
    request.getfixturevalue("class_db")
def test_later(db):
    assert Tag.objects.count() == 0
"""
    )
    result.assert_outcomes(passed=2, failed=2)
    for test in ("test_body", "test_scope"):
        result.stdout.fnmatch_lines(
            [f"*DatabaseAskedInLoop: test_inner.py::{test}* asked for a database by*signature*"]
        )
