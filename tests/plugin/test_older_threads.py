"""Threads that are older than the tests, and work beside them: schedulers, consumers, pollers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections
from older_threads import OLDER

from pytest_async_orm.frames.sending import sends_statement
from pytest_async_orm.sharing.hosting import Host
from pytest_async_orm.sharing.sandbox import Sandbox

FROM_BEFORE = """
@pytest.fixture(scope="module")
def begun(older):
    block = Block()
    future = older.begin(block)
    assert block.entered.wait(20)
    return block, future

{kind}
def test_goes_on(older, begun):
    block, future = begun
    in_thread(Tag.objects.count)
    Tag.objects.create(name="test")
    block.go.set()
    assert future.result(20) == [True, True, True]
    assert older.begin(Tag.objects.count).result(20) == 1
"""
KINDS = {
    "sync": "@pytest.mark.django_db",
    "sandbox": "@pytest.mark.django_db\n@pytest.mark.async_orm_sandbox('all')",
}


@pytest.mark.parametrize("kind", KINDS)
def test_transaction_from_before(run, kind: str) -> None:
    """A transaction that an older thread has begun before a test ends on the connection on which it began."""
    run(OLDER + FROM_BEFORE.format(kind=KINDS[kind])).assert_outcomes(passed=1)


INTO_ANOTHER = """
{kind}
def test_begins(older, state):
    state["block"] = Block(lambda: Tag.objects.create(name="late"))
    state["future"] = older.begin(state["block"])
    assert state["block"].entered.wait(20)

{kind}
def test_goes_on(older, state):
    in_thread(Tag.objects.count)
    state["block"].go.set()
    with pytest.raises(Exception, match="test_begins"):
        state["future"].result(20)
    assert state["block"].seen == [True]
    assert Tag.objects.count() == 0
    assert older.begin(lambda: Tag.objects.create(name="later").name).result(20) == "later"
    assert Tag.objects.count() == 1

{kind}
def test_nothing_stays():
    assert Tag.objects.count() == 0
"""


@pytest.mark.parametrize("kind", KINDS)
def test_transaction_into_another_test(run, kind: str) -> None:
    """A transaction that outlives its test is refused to the end of its block: no half of it is in the next test."""
    result = run(OLDER + INTO_ANOTHER.format(kind=KINDS[kind]))
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["*work left running*"])


REPORTED = """
@pytest.mark.django_db
def test_waits_for_guest(older, state):
    Tag.objects.count()
    block = Block()
    future = older.begin(block)
    assert block.entered.wait(20)
    with pytest.raises(Exception) as caught:
        older_holds = Tag.objects.count()
    lines = str(caught.value).splitlines()
    waiting = next(line for line in lines if "has waited for it" in line)
    assert "MainThread" in str(caught.value).split("waiting:")[1].split("holding:")[0]
    block.go.set()
    future.result(20)
"""


def test_who_waits(run) -> None:
    """Where the test waits for a guest's transaction, the report names the test's own thread as the one that waits."""
    run(OLDER + REPORTED, ini="async_orm_lock_timeout = 0.3\n").assert_outcomes(passed=1)


NO_WAIT = """
import pytest_async_orm.leaks.waiting as waiting

@pytest.fixture(autouse=True, scope="session")
def asked():
    asked, original = [], waiting.settle
    def settle(openings, *grace):
        openings = list(openings)
        asked.append([opened.thread.name for opened in openings])
        return original(openings, *grace)
    waiting.settle = settle
    yield asked
    waiting.settle = original

FIRST = Older()
FIRST.start()

@pytest.mark.django_db
@pytest.mark.parametrize("number", range(2))
def test_opens(older, number):
    for thread in (older, FIRST):
        thread.begin(Tag.objects.count).result(20)

def test_nobody_is_waited_for(older, asked):
    assert asked and not any({older.name, FIRST.name} & set(names) for names in asked)
    FIRST.begin(connections.close_all).result(20)
"""


def test_sessions_threads_are_not_waited_for(run) -> None:
    """The end of a test does not wait for a close by threads that live longer than any test: of a fixture of the
    session, or from before the first test.
    """
    result = run(OLDER + NO_WAIT)
    result.assert_outcomes(passed=3)
    result.stdout.no_fnmatch_line("*connection leaks*")


@pytest.fixture
def older_thread() -> Iterator[Callable[..., Any]]:
    """A thread from before the sandbox that makes calls."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        pool.submit(threading.current_thread).result(20)
        yield lambda call, *args: pool.submit(call, *args).result(20)
        pool.submit(connections.close_all).result(20)


@pytest.mark.django_db
@pytest.mark.async_orm_sandbox("off")
def test_nothing_begins_at_the_end(older_thread: Callable[..., Any], sandbox: Sandbox) -> None:
    """While a sandbox ends, a thread that has nothing to do with its test is given Django's connections again, unless
    it is in the middle of a block.
    """
    assert older_thread(sandbox.covers, "default")
    sandbox.ending = True
    assert not older_thread(sandbox.covers, "default")
    assert sandbox.covers("default"), "the test's own thread is not older than the test"


def test_sends_statement() -> None:
    """A thread that waits for something else, runs the program's own code, or has ended, sends no statement."""
    go = threading.Event()
    thread = threading.Thread(target=go.wait)
    thread.start()
    assert not sends_statement(thread)
    go.set()
    thread.join()
    assert not sends_statement(thread)
    assert not sends_statement(threading.current_thread())


@pytest.mark.django_db
def test_joining_a_host_that_has_ended() -> None:
    """A thread that was told to join, and comes when the test is over, gets Django's own connection."""
    host = Host("test_it", 1.0)
    host.start([connections["default"]])
    host.end()
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(host.get("default")))
    thread.start()
    thread.join()
    assert found == [None]
