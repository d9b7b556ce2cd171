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


OF_TESTS = """
from django.test import TestCase
def order(name, ran):
    with transaction.atomic():
        transaction.on_commit(lambda: ran.append(name))
def on_thread(*arguments):
    thread = threading.Thread(target=order, args=arguments)
    thread.start()
    return thread
class TestIt(TestCase):
    async def test_order(self):
        ran = []
        with self.captureOnCommitCallbacks(execute=True) as callbacks:
            await sync_to_async(order)("own", ran)
            await asyncio.to_thread(order, "pool", ran)
            await sync_to_async(order, thread_sensitive=False)("other", ran)
            await sync_to_async(order)("own again", ran)
            assert ran == []
        assert ran == ["own", "pool", "other", "own again"] and len(callbacks) == 4
    async def test_gathered(self):
        ran = []
        with self.captureOnCommitCallbacks(execute=True) as callbacks:
            await asyncio.gather(*(asyncio.to_thread(order, name, ran) for name in "abcd"))
        assert sorted(ran) == list("abcd") and len(callbacks) == 4
    async def test_not_executed(self):
        ran = []
        with self.captureOnCommitCallbacks() as callbacks:
            await asyncio.to_thread(order, "a", ran)
        assert ran == [] and len(callbacks) == 1
        callbacks[0]()
        assert ran == ["a"]
    async def test_raw_thread(self):
        ran = []
        with self.captureOnCommitCallbacks(execute=True) as callbacks:
            await asyncio.to_thread(on_thread("a", ran).join)
        assert ran == ["a"] and len(callbacks) == 1
    async def test_first_look_of_a_coroutine(self):
        assert connection.vendor and connections["default"].settings_dict
    async def test_rolled_back(self):
        ran = []
        def own():
            try:
                with transaction.atomic():
                    transaction.on_commit(lambda: ran.append("gone"))
                    raise ValueError
            except ValueError:
                pass
        with self.captureOnCommitCallbacks(execute=True) as callbacks:
            await sync_to_async(own)()
            await asyncio.to_thread(order, "kept", ran)
        assert ran == ["kept"] and len(callbacks) == 1
    def test_sync(self):
        ran = []
        with self.captureOnCommitCallbacks(execute=True) as callbacks:
            order("own", ran)
            on_thread("thread", ran).join()
            asyncio.run(sync_to_async(order)("run", ran))
        assert ran == ["own", "thread", "run"] and len(callbacks) == 3
@pytest.mark.django_db
def test_function(django_capture_on_commit_callbacks):
    ran = []
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        order("own", ran)
        on_thread("thread", ran).join()
        asyncio.run(sync_to_async(order)("run", ran))
    assert ran == ["own", "thread", "run"] and len(callbacks) == 3
@pytest.mark.django_db
async def test_threads(django_capture_on_commit_callbacks):
    ran = []
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        await asyncio.gather(*(asyncio.to_thread(order, name, ran) for name in "abcd"))
        await asyncio.to_thread(on_thread("t", ran).join)
    assert sorted(ran) == list("abcdt") and len(callbacks) == 5
"""


def test_callbacks_of_tests_that_keep_their_transaction(run) -> None:
    """In sync tests, `TestCase` and its async methods, callbacks of the test's own thread and of every other one are
    captured, in the order of their commits.
    """
    run(OF_TESTS).assert_outcomes(passed=9)


@pytest.mark.planted
@pytest.mark.parametrize(
    "planted",
    ["callbacks.Captures.of = lambda self, alias: None", "callbacks._noted_by_test = lambda connection: ()"],
    ids=["guests run theirs", "no order"],
)
def test_captures_that_miss_guests(run, pytester: pytest.Pytester, planted: str) -> None:
    """The check of captures fails where guests run their callbacks, and where nothing tells what came first."""
    pytester.makeconftest(
        f"def pytest_sessionstart():\n    from pytest_async_orm.sharing import callbacks\n    {planted}\n"
    )
    assert run(OF_TESTS).parseoutcomes().get("failed", 0) >= 2
