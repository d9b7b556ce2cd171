"""What only a whole pytest run shows of rows that outlive a test: scopes, and real connections beside them."""

from __future__ import annotations

import os
import re

import pytest

DATABASE = os.environ.get("NATURAL_DATABASE", "sqlite-memory")


def test_scopes(run) -> None:
    """Rows of class, module and session fixtures are seen by every test of the scope, and no test spoils them."""
    result = run(
        """
pytestmark = pytest.mark.django_db
@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def of_session(session_db):
    yield await Tag.objects.acreate(name="session")
    assert await Tag.objects.filter(name="session").aexists()
@pytest.fixture(scope="module")
def of_module(module_db):
    yield Tag.objects.create(name="module")
    assert Tag.objects.filter(name="module").exists()
def names():
    return sorted(Tag.objects.values_list("name", flat=True))
class TestWithRows:
    @pytest_asyncio.fixture(scope="class", loop_scope="class")
    async def of_class(self, class_db):
        return await Tag.objects.acreate(name="class")
    @pytest.mark.parametrize("turn", [1, 2])
    async def test_async(self, of_session, of_module, of_class, turn):
        assert await sync_to_async(names)() == ["class", "module", "session"]
        await Tag.objects.all().adelete()
        await Tag.objects.acreate(name="spoilt")
    @pytest.mark.parametrize("turn", [1, 2])
    def test_sync(self, of_session, of_module, of_class, turn):
        assert names() == ["class", "module", "session"]
        Tag.objects.all().delete()
async def test_after_the_class(of_module, of_session):
    assert await sync_to_async(names)() == ["module", "session"]
@pytest.mark.django_db(transaction=True)
async def test_real_connections():
    assert await Tag.objects.acount() == 0
""",
    )  # fmt: skip
    result.assert_outcomes(passed=6)


BESIDE = """
from django.test import TransactionTestCase
made = []
@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def of_session(session_db):
    made.append("session")
    yield await Tag.objects.acreate(name="session")
    assert await Tag.objects.filter(name="session").aexists()
@pytest.fixture(scope="module")
def of_module(of_session, module_db):
    made.append("module")
    Tag.objects.create(name="module")
    yield
    assert Tag.objects.filter(name="module").exists()
def names():
    return sorted(Tag.objects.values_list("name", flat=True))
@pytest.mark.django_db
async def test_1(of_module):
    assert await sync_to_async(names)() == ["module", "session"]
@pytest.mark.django_db(transaction=True)
async def test_2_real():
    assert await sync_to_async(names)() == [] and made == ["session", "module"]
    await Tag.objects.acreate(name="real")
@pytest.mark.django_db(transaction=True)
def test_3_real():
    assert names() == []
    Tag.objects.create(name="real")
class Test4(TransactionTestCase):
    def test_it(self):
        self.assertEqual(names(), [])
        Tag.objects.create(name="real")
@pytest.mark.django_db
def test_5(of_module):
    assert names() == ["module", "session"] and made == ["session", "module"] * 2
class Test6(TransactionTestCase):
    def test_it(self):
        self.assertEqual(names(), [])
@pytest.mark.django_db(transaction=True)
async def test_7_asks_itself(of_session): pass
@pytest.mark.django_db
async def test_8(of_session):
    assert (await sync_to_async(names)())[-1] == "session" and made == ["session", "module"] * 2 + ["session"]
"""


@pytest.mark.parametrize("order", ["as written", "as pytest-django sorts"])
def test_scopes_beside_real_connections(run, pytester: pytest.Pytester, order: str) -> None:
    """Rows of wider scopes give way to tests with real connections, in whatever order they come, and are made again;
    a test that asks for both gets an error that says what to do, and no other test does.
    """
    if order == "as written":
        pytester.makeconftest(
            """
import pytest
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.nodeid.lower())
    items.sort(key=lambda item: item.nodeid.partition("::")[2].lower().removeprefix("test_").removeprefix("test"))
"""
        )
    source = BESIDE if order == "as written" else re.sub(r" and made == .*", "", BESIDE)
    result = run(source)
    result.assert_outcomes(passed=7, errors=1)
    result.stdout.fnmatch_lines(["*test_7_asks_itself asks for real connections*session_db (by of_session)*"])


@pytest.mark.planted
def test_scopes_that_stay_would_be_seen(run, pytester: pytest.Pytester) -> None:
    """The check of scopes beside real connections fails where the rows stay in place."""
    if not DATABASE.startswith("sqlite"):
        pytest.skip("on a server the clean-up may wait for these rows")
    pytester.makeconftest(
        """
def pytest_sessionstart():
    from pytest_async_orm.hooks import scopes
    scopes.give_way = lambda item: None
"""
    )
    outcomes = run(BESIDE, "--async-orm-leaks=off", ini="async_orm_lock_timeout = 1").parseoutcomes()
    assert outcomes.get("failed", 0) + outcomes.get("errors", 0) > 1


def test_scopes_of_autouse_fixtures(run) -> None:
    """A test with real connections under an autouse fixture of a wider scope is told which fixture, and what to do."""
    result = run(
        """
@pytest.fixture(scope="session", autouse=True)
def seeded(session_db):
    Tag.objects.create(name="session")
@pytest.mark.django_db
def test_isolated():
    assert Tag.objects.count() == 1
@pytest.mark.django_db(transaction=True)
def test_real(): pass
"""
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*asks for real connections*session_db (by seeded)*if a fixture is autouse*"])


def test_scopes_are_guarded(run) -> None:
    """A test without the mark may not use the database, even while a scope keeps rows in it."""
    result = run(
        """
@pytest.fixture(scope="module")
def row(module_db):
    return Tag.objects.create(name="module")
def test_sync(row):
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        Tag.objects.count()
async def test_async(row):
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        await Tag.objects.acount()
@pytest.mark.django_db
async def test_marked(row):
    assert await Tag.objects.acount() == 1
"""
    )
    result.assert_outcomes(passed=3)


def test_scopes_need_a_test_database(run) -> None:
    """Where pytest-django made no test database, a scope fixture refuses rather than write into the real one."""
    result = run(
        """
def test_without_a_mark(module_db):
    pass
"""
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*module_db needs the test database 'default', which pytest-django made for no test*"])
