"""What only a whole pytest run shows of callbacks of commits: Django's capture of them, on whatever thread."""

from __future__ import annotations

import pytest

CAPTURE = """
from django.test import TestCase
pytestmark = pytest.mark.django_db
ran = []
@pytest.fixture(autouse=True)
def nothing_ran():
    ran.clear()
def order(name, using="default", robust=False, then=None):
    with transaction.atomic(using=using):
        transaction.on_commit(then or (lambda: ran.append(name)), using=using, robust=robust)
def in_autocommit():
    transaction.on_commit(lambda: ran.append("at once"))
async def test_executed(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        await sync_to_async(order)("a")
        await asyncio.to_thread(order, "b")
        await asyncio.to_thread(in_autocommit)
        assert ran == []
    assert ran == ["a", "b", "at once"] and len(callbacks) == 3
    await sync_to_async(order)("after")
    assert ran[-1] == "after"
async def test_captured_alone(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        await sync_to_async(order)("a")
    assert len(callbacks) == 1 and ran == []
async def test_by_the_class():
    with TestCase.captureOnCommitCallbacks(execute=True) as callbacks:
        await sync_to_async(order)("a")
    assert len(callbacks) == 1 and ran == ["a"]
async def test_database_in_a_callback(django_capture_on_commit_callbacks):
    def write():
        Tag.objects.create(name="by a callback")
        order("second")
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        await sync_to_async(order)("a", then=write)
    assert len(callbacks) == 2 and ran == ["second"]
    assert await Tag.objects.filter(name="by a callback").acount() == 1
async def test_rolled_back(django_capture_on_commit_callbacks):
    def work():
        with transaction.atomic():
            try:
                with transaction.atomic():
                    transaction.on_commit(lambda: ran.append("gone"))
                    raise ValueError
            except ValueError:
                order("kept")
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        await sync_to_async(work)()
    assert len(callbacks) == 1 and ran == ["kept"]
async def test_errors(django_capture_on_commit_callbacks, caplog):
    def fails():
        raise ValueError("of a callback")
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        await sync_to_async(order)("a", robust=True, then=fails)
        await sync_to_async(order)("b")
    assert len(callbacks) == 2 and ran == ["b"] and "Error calling" in caplog.text
    with pytest.raises(ValueError, match="of a callback"):
        with django_capture_on_commit_callbacks(execute=True):
            await sync_to_async(order)("a", then=fails)
    with pytest.raises(KeyError):
        with django_capture_on_commit_callbacks() as callbacks:
            await sync_to_async(order)("a")
            raise KeyError
    assert len(callbacks) == 1
@pytest.mark.django_db(databases=["default", "other"])
async def test_of_one_alias(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(using="other", execute=True) as callbacks:
        await sync_to_async(order)("of other", "other")
        await sync_to_async(order)("of default")
        assert ran == ["of default"]
    assert len(callbacks) == 1 and ran == ["of default", "of other"]
async def test_nested(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as outer:
        await sync_to_async(order)("a")
        with django_capture_on_commit_callbacks() as inner:
            await sync_to_async(order)("b")
    assert (len(outer), len(inner)) == (2, 1)
async def test_inside_a_block(django_capture_on_commit_callbacks):
    def work():
        with transaction.atomic():
            order("before")
            with django_capture_on_commit_callbacks(execute=True) as callbacks:
                order("a")
            assert len(callbacks) == 1 and ran == ["a"]
    await sync_to_async(work)()
    assert ran == ["a", "before"]
def test_sync(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        order("a")
    assert len(callbacks) == 1 and ran == ["a"]
class TestClass(TestCase):
    def test_it(self):
        with self.captureOnCommitCallbacks(execute=True) as callbacks:
            order("a")
        assert len(callbacks) == 1 and ran == ["a"]
"""


def test_callbacks_of_commits_are_captured(run) -> None:
    """Django's capture of `on_commit` callbacks finds what is committed on whatever thread, as in a sync test."""
    run(CAPTURE).assert_outcomes(passed=11)


@pytest.mark.planted
def test_callbacks_that_run_would_be_seen(run, pytester: pytest.Pytester) -> None:
    """The check of captures fails where a shared connection runs its callbacks itself."""
    pytester.makeconftest(
        """
def pytest_sessionstart():
    from pytest_async_orm.sharing.callbacks import Captures
    Captures.of = lambda self, alias: None
"""
    )
    assert run(CAPTURE).parseoutcomes().get("failed", 0) >= 5
