"""The touched flush in whole suites: pytest-django's transactional tests and Django's classes alike."""

from __future__ import annotations

import pytest

LOOKING = """
import django.test.testcases
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.test import LiveServerTestCase, TestCase, TransactionTestCase
def outcomes():
    from pytest_async_orm.flushing.seam import Flushing
    from pytest_async_orm.patches.process import PROCESS
    return PROCESS.one(Flushing).outcomes
"""

KINDS = """
class TestUnit(TransactionTestCase):
    databases = {"default", "other"}
    def test_a(self):
        assert Group.objects.count() == 0
        Group.objects.create(name="row")
        Group.objects.using("other").create(name="row")
    test_b = test_a
class TestLive(LiveServerTestCase):
    def test_c(self):
        assert Group.objects.count() == 0
        Group.objects.create(name="row")
    test_d = test_c
@pytest.mark.django_db(transaction=True, databases=["default", "other"])
@pytest.mark.parametrize("number", range(3))
async def test_async(number):
    assert await Group.objects.acount() == 0
    assert await Group.objects.using("other").acount() == 0
    await Group.objects.acreate(name="row")
    await Group.objects.using("other").acreate(name="row")
def test_sync(transactional_db):
    assert Group.objects.count() == 0
    Group.objects.create(name="row")
def test_served(live_server):
    assert Group.objects.count() == 0
@pytest.mark.django_db
def test_after():
    assert Group.objects.count() == 0
def test_outcomes():
    assert {alias: found.reason for alias, found in outcomes().items()} == {"default": None, "other": None}
    assert not any(found.made_again for found in outcomes().values())
"""


def test_every_kind_of_transactional_test(run) -> None:
    """Marks, fixtures, `TransactionTestCase`, `LiveServerTestCase`: each starts on empty tables, on each database."""
    result = run(LOOKING + KINDS)
    result.assert_outcomes(passed=11)


def test_as_django_does(run) -> None:
    """In the mode `django` nothing is replaced, and the outcome is the same."""
    source = (
        LOOKING
        + KINDS.partition("def test_outcomes")[0]
        + """
def test_nothing_is_replaced():
    assert not hasattr(django.test.testcases.call_command, "__wrapped__")
    assert outcomes() == {}
"""
    )
    run(source, ini="async_orm_flush = django").assert_outcomes(passed=11)


def test_bad_mode(run) -> None:
    """An unknown word is an error before a test runs, which names the words that there are."""
    result = run("def test_it(): pass", ini="async_orm_flush = fast")
    result.stderr.fnmatch_lines(["*the ini option async_orm_flush is 'fast': use one of 'touched', 'django'.*"])


SERIALIZED = """
from django.core import serializers
@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        Group.objects.create(name="initial")
        rows = [*ContentType.objects.all(), *Permission.objects.all(), *Group.objects.all()]
        connection._test_serialized_contents = serializers.serialize("json", rows)
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize("number", range(3))
def test_initial_rows(number):
    assert [group.name for group in Group.objects.all()] == ["initial"]
    assert Permission.objects.count() > 0
    Group.objects.create(name="more")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", range(2))
def test_none(number):
    assert Permission.objects.exists() is bool(number)
    assert not Group.objects.exists()
"""


def test_serialized_rollback(run) -> None:
    """Rows of migrations come back where a test asks for them; after it nothing is there, as with Django's flush."""
    for mode in ("touched", "django"):
        run(LOOKING + SERIALIZED, ini=f"async_orm_flush = {mode}").assert_outcomes(passed=5)


RESET = """
@pytest.mark.django_db(transaction=True, reset_sequences=True)
@pytest.mark.parametrize("number", range(3))
def test_first_key(number):
    assert Group.objects.create(name="row").pk == 1
    assert ContentType.objects.count() == len(set(ContentType.objects.values_list("app_label", "model")))
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", range(2))
def test_next_key(number):
    ContentType.objects.create(app_label="gone", model="m")
    Group.objects.create(name="row")
"""


def test_reset_sequences(run) -> None:
    """Keys begin with 1 where a test asks for it, and no later row meets the key of one that stayed."""
    run(LOOKING + RESET).assert_outcomes(passed=5)


AVAILABLE = """
class TestSome(TransactionTestCase):
    available_apps = ["django.contrib.auth", "django.contrib.contenttypes"]
    def test_it(self):
        Group.objects.create(name="row")
    def test_reason(self):
        assert not Group.objects.exists()
        assert "available_apps" in outcomes()["default"].reason if outcomes() else True
class TestThen(TransactionTestCase):
    def test_it(self):
        assert not Group.objects.exists()
"""


def test_available_apps(run) -> None:
    """Where a class names some apps, Django's flush is called; `--trace-config` tells why."""
    result = run(LOOKING + AVAILABLE.partition("class TestThen")[0], "--trace-config")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["async ORM: Django's own flush of 'default': available_apps*"])
    run(LOOKING + AVAILABLE).assert_outcomes(passed=3)


BLOCKED = """
held = threading.Event()
def leave_open():
    transaction.set_autocommit(False)
    Tag.objects.create(name="uncommitted")
    held.set()
    end.wait(30)
end = threading.Event()
@pytest.mark.django_db(transaction=True)
def test_leaves_it_open():
    threading.Thread(target=leave_open, daemon=True).start()
    assert held.wait(10)
@pytest.mark.django_db(transaction=True)
def test_next():
    end.set()
    assert not Tag.objects.exists()
"""


def test_session_that_is_left_open(run) -> None:
    """The test that leaves it open errors at its end with the line; the next one starts on empty tables."""
    from conftest import DATABASE

    if DATABASE.startswith("sqlite"):
        pytest.skip("of servers: on SQLite see test_flush_locks_of_sqlite.py")
    result = run(LOOKING + BLOCKED, ini="async_orm_lock_timeout = 1")
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*FlushBlocked: End the transaction*", "*after test_inner.py::test_leaves_it_open*"])
    result.stdout.re_match_lines([r".*opened at test_inner\.py:\d+, on thread 'Thread-"])


SCOPES = """
@pytest.fixture(scope="session")
def kept(session_db):
    return Group.objects.create(name="kept")
@pytest.mark.django_db
async def test_a(kept):
    assert await Group.objects.acount() == 1
@pytest.mark.django_db(transaction=True)
def test_b():
    assert not Group.objects.exists()
    Group.objects.create(name="row")
@pytest.mark.django_db
async def test_c(kept):
    assert [group.name async for group in Group.objects.all()] == ["kept"]
class TestUnit(TransactionTestCase):
    def test_d(self):
        assert not Group.objects.exists()
        Group.objects.create(name="row")
@pytest.mark.django_db
async def test_e(kept):
    assert [group.name async for group in Group.objects.all()] == ["kept"]
    assert outcomes()["default"].reason is None
"""
IN_ORDER = """
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.name)
"""


@pytest.mark.parametrize("mode", ["touched", "django"])
def test_rows_of_a_session_beside_it(run, pytester: pytest.Pytester, mode: str) -> None:
    """The rows of a wider scope are set aside for a flush, and made again after it, in any order of tests."""
    pytester.makeconftest("import pytest\n" + IN_ORDER)
    source = SCOPES if mode == "touched" else SCOPES.replace('outcomes()["default"].reason is None', "outcomes() == {}")
    result = run(LOOKING + source, "-v", ini=f"async_orm_flush = {mode}")
    result.assert_outcomes(passed=5)
    result.stdout.fnmatch_lines([f"*test_{name}*" for name in "abcde"])
