"""Event loops that run on the test's thread, in another greenlet than the test: as with Playwright's sync API."""

from __future__ import annotations

import asyncio
import sys

import pytest

from pytest_async_orm.patches.other_stack import stands_on

greenlet = pytest.importorskip("greenlet")

LOOP = """
import greenlet
from django.core.exceptions import SynchronousOnlyOperation

class Browser:
    '''A loop in a greenlet of its own, which goes on whenever the test asks for something.'''

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.stack = greenlet.greenlet(self.loop.run_forever)
        self.loop.call_soon(greenlet.getcurrent().switch)
        self.stack.switch()

    def ask(self, call):
        found = []
        here = greenlet.getcurrent()
        def answer():
            try:
                found.append(call())
            except Exception as error:
                found.append(type(error).__name__)
            here.switch()
        self.loop.call_soon(answer)
        self.stack.switch()
        return found[0]

    def close(self):
        self.loop.call_soon(self.loop.stop)
        self.stack.switch()
        self.loop.close()

def test_begun_in_the_middle(db):
    Tag.objects.create(name="x")
    own = connection.connection
    browser = Browser()
    assert connection.connection is own
    assert Tag.objects.count() == 1
    with transaction.atomic():
        Tag.objects.create(name="y")
    browser.close()
    assert Tag.objects.count() == 2

@pytest.fixture(scope="session")
def browser():
    browser = Browser()
    yield browser
    browser.close()

def test_before(db):
    Tag.objects.create(name="x")
    assert Tag.objects.count() == 1

def test_on_the_tests_stack(browser, db):
    assert asyncio.get_running_loop() is browser.loop
    Tag.objects.create(name="x")
    with transaction.atomic():
        assert Tag.objects.count() == 1

def test_on_the_loops_stack(browser, db):
    assert browser.ask(Tag.objects.count) == "SynchronousOnlyOperation"

def test_real(browser, transactional_db):
    Tag.objects.create(name="x")
    assert Tag.objects.count() == 1

def test_nothing_is_left(browser, db):
    assert Tag.objects.count() == 0
"""


def test_sync_tests_beside_a_loop(run) -> None:
    """The sync ORM works on the test's own stack, on the connection that the test began with, and is refused on the
    loop's, without DJANGO_ALLOW_ASYNC_UNSAFE.
    """
    run(LOOP).assert_outcomes(passed=6)


@pytest.mark.planted
def test_djangos_guard_alone_refuses_both(run, pytester: pytest.Pytester) -> None:
    """Without the look at the stack the test's own statements are refused."""
    pytester.makeconftest(
        """
def pytest_configure():
    from pytest_async_orm.patches import other_stack
    other_stack.stands_on = lambda loop, frame: True
"""
    )
    assert run(LOOP).parseoutcomes().get("passed", 0) < 6


def test_in_doubt_it_stands_on_the_loop() -> None:
    """A coroutine, a callback, and any loop whose frames do not show."""

    async def inside() -> bool:
        return stands_on(asyncio.get_running_loop(), sys._getframe())

    assert asyncio.run(inside())
    assert stands_on(object(), sys._getframe())
