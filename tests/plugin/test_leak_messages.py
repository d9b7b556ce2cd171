"""What is said of leaks: where, what, and the remedy; the texts themselves."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from pytest_async_orm.messages import leaks as messages
from pytest_async_orm.records import Census, Counts, Leak, LeakKind, SourceLine

ON_ITS_THREAD = (
    "Call django.db.connections.close_all() on that thread, in a finally block, before its work ends: no other thread "
    "can."
)


def leak(**facts: Any) -> Leak:
    usual = {
        "kind": "orphaned", "opened_at": SourceLine("shop/views.py:17"), "test": "test_a", "alias": "default",
        "vendor": "postgresql", "thread_name": "worker", "task_name": None, "remedy": "Close it.",
    }  # fmt: skip
    return Leak(**{**usual, **facts})


def test_left_open() -> None:
    """Equal leaks are folded; each has its kind, line, thread, task and remedy."""
    forgotten = leak(kind="ORM coroutine never awaited", alias="", thread_name="", opened_at=SourceLine(""))
    assert messages.left_open("test_a", [leak(), leak(task_name="Task-1"), forgotten]) == (
        "The test test_a left connections open or work unfinished:\n"
        "  orphaned (2 times): 'default', opened at shop/views.py:17 on the thread 'worker'\n"
        "    Close it.\n"
        "  ORM coroutine never awaited: made at an unknown line\n"
        "    Close it."
    )


@pytest.mark.parametrize("kind", get_args(LeakKind))
def test_every_kind_has_a_remedy(kind: LeakKind) -> None:
    """Each kind of leak has a remedy."""
    assert len(messages.remedy(kind)) > 30


def test_remedies() -> None:
    """The remedy fits the cause: the thread, the settings, the task, or a connection of the program's own."""
    assert messages.remedy("orphaned") == ON_ITS_THREAD
    assert messages.remedy("orphaned", max_age=60) == (
        "CONN_MAX_AGE is 60: under ASGI each request runs on a thread of its own, which ends with its connection open. "
        f"Set CONN_MAX_AGE = 0, or use OPTIONS['pool'] (Django 5.1, psycopg 3). {ON_ITS_THREAD}"
    )
    assert messages.remedy("lingering", max_age=None).startswith("CONN_MAX_AGE is None")
    assert "DJANGO_ALLOW_ASYNC_UNSAFE hides this mistake" in messages.remedy("orphaned", cause="loop")
    assert "contextlib.closing(connection.copy())" in messages.remedy("lingering", cause="own")
    assert messages.remedy("in transaction", max_age=60, cause="own").startswith("End the transaction")


def test_remedies_fit_the_thread() -> None:
    """A thread of its own is no pool's; a request of the test's client, and a response that it left, are the test's."""
    assert messages.remedy("lingering", cause="pool").startswith("The pool's thread lives on")
    assert messages.remedy("lingering", cause="thread").startswith("The thread lives on and keeps its connection: join")
    assert "pool" not in messages.remedy("lingering", cause="thread")
    assert messages.remedy("lingering", max_age=60, cause="client").startswith("The test's client sent a request")
    assert "read response.streaming_content to its end" in messages.remedy(
        "async generator left open", cause="response"
    )


def test_grew() -> None:
    """The error of `assert_no_leaks`: how many before and after, what, and what the server says."""
    census = Census("default", 3, 3, 0, "", "")
    assert messages.grew(Counts(1, 3), [leak(), leak()], [messages.witness(census)]) == (
        "2 more connections are open than before the block (1 then, 3 now):\n"
        "  orphaned (2 times): 'default', opened at shop/views.py:17 on the thread 'worker'\n"
        "    Close it.\n"
        "  server: 'default' has 3 of the ledger's 3 connections"
    )
    assert messages.grew(Counts(1, 2), [leak()], []).startswith(
        "1 more connection is open than before the block (1 then, 2 now):"
    )
    assert messages.grew(Counts(1, 1, gone=1), [leak()], []).startswith(
        "1 connection that the block opened was not closed (1 open before it, 1 now, 1 ended unclosed, with what held "
        "it):"
    )
    assert messages.grew(Counts(2, 4, gone=1, kept=2, closed=1), [leak()] * 2, []).startswith(
        "2 connections that the block opened were not closed (2 open before it, 4 now, 1 ended unclosed, with what "
        "held it, 2 kept by asgiref or the plugin, 1 of those before closed):"
    )


def test_census() -> None:
    """What the server says, that it cannot say anything, and that it disagrees."""
    assert messages.witness(Census("other", 1, 1, 2, "", "")) == (
        "'other' has 1 of the ledger's 1 connections, and 2 of which the ledger knows nothing"
    )
    assert messages.witness(Census("other", 1, None, 0, "", "no server")) == "'other' cannot be counted: no server"
    assert messages.disagreement(Census("other", 1, 0, 0, "1 is missing", "")) == (
        "The plugin's ledger and the server of 'other' disagree: 1 is missing. This is a fault of pytest-async-orm, "
        "not of the test; please report it. The outcome of the test was not changed."
    )


def test_summary() -> None:
    """One leak for equal leaks of many tests: count, kind, line, first tests, remedy, and the reason if allowed."""
    leak = {
        "kind": "orphaned", "line": "a.py:1", "alias": "default", "remedy": "Close it.", "allowed": None, "count": 5,
        "tests": ["one", "two", "three", "four"], "threads": [],
    }  # fmt: skip
    assert messages.summary([leak, {**leak, "allowed": "legacy", "tests": ["one"], "alias": "", "line": ""}]) == [
        "5 x orphaned: 'default', a.py:1",
        "    one, two, three and 1 more",
        "    Close it.",
        "5 x orphaned: an unknown line (allowed: legacy)",
        "    one",
        "    Close it.",
    ]


def test_the_plugins_own_failure() -> None:
    """Whose fault it is, that nothing was changed, and how to go on without."""
    text = messages.judgement_failed("test_a", ZeroDivisionError("x"), "Traceback …")
    assert "failed while it looked for connection leaks of test_a: ZeroDivisionError('x')" in text
    assert "switch the search off with --async-orm-leaks=off. The outcome of the test was not changed." in text
    assert text.endswith("Traceback …")
