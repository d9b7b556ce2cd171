"""What each failed assertion on queries says: the texts themselves."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.db import connection

from pytest_async_orm.errors import NothingRecorded
from pytest_async_orm.messages import queries as messages
from pytest_async_orm.messages import snapshots
from pytest_async_orm.recording.blocks import (
    QueryBlock,
    assert_max_queries,
    assert_no_duplicates,
    assert_no_n_plus_one,
    assert_no_queries,
    assert_no_queries_outside_transactions,
    assert_no_slow_queries,
    assert_num_queries,
    record_queries,
    require_something_seen,
)
from pytest_async_orm.recording.fingerprints import fingerprint, kind_of
from pytest_async_orm.records import NPlusOne, Query
from sample_app.models import Post, Tag


def query(sql: str, **changes: object) -> Query:
    made = Query(
        sql=sql, params=None, alias="default", vendor="sqlite", kind=kind_of(sql), started_at=0.0, duration_ms=0.25,
        rows=None, thread_name="ThreadPoolExecutor-0_0", task_name="Task-3", in_transaction=False,
        fingerprint=fingerprint(sql), call_site="blog/views.py:12", error=None,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


POST = query('SELECT "id" FROM "post"', duration_ms=1.5, call_site="blog/views.py:9")
AUTHORS = [query(f'SELECT "name" FROM "author" WHERE "id" = {number}') for number in range(3)]
FAILED = query("SELECT 1/0", task_name=None, call_site="", attributed=False, error="DataError: division by zero")


def test_wrong_number() -> None:
    """Rule, numbers, and a table in which equal neighbours are folded."""
    first = messages.expected("exactly", 2, 5, messages.narrowed(None, None, None))
    assert messages.with_table(first, [POST, *AUTHORS, FAILED]) == (
        "Expected exactly 2 queries, but 5 were sent:\n"
        "    #    ms  alias    task / thread                      call site         SQL\n"
        '    1   1.5  default  Task-3                             blog/views.py:9   SELECT "id" FROM "post"\n'
        '  2-4   0.8  default  Task-3                             blog/views.py:12  3 x SELECT "name" FROM "author" '
        'WHERE "id" = ?\n'
        "    5   0.2  default  ThreadPoolExecutor-0_0 (no block)  -                 SELECT 1/0  "
        "[DataError: division by zero]"
    )


def test_narrowed_number() -> None:
    """What was counted is said: kind, table, alias."""
    text = messages.expected("at most", 1, 2, messages.narrowed("other", "post", "read"))
    assert text == "Expected at most 1 query of the kind 'read' of the table 'post' on 'other', but 2 were sent"


def test_no_query_at_all() -> None:
    """Without a query there is no table."""
    assert messages.with_table(messages.expected("at least", 1, 0), []) == "Expected at least 1 query, but 0 were sent."


def test_more_than_are_kept() -> None:
    """Queries that were only counted, and those that belong to no block, are told."""
    assert messages.with_table("Expected", [], 5, 1) == (
        "Expected:\n"
        "  … and 5 queries more that were counted and not kept.\n"
        "  1 query beside these came from threads that belong to no block, and were not counted."
    )


def test_long_table_is_cut() -> None:
    """A table shows thirty rows and tells how many queries follow."""
    lines = messages.table_of([query(f"SELECT c{'x' * number} FROM t") for number in range(40)])
    assert len(lines) == 32
    assert lines[-1] == "  … and 10 queries more."


def test_n_plus_one() -> None:
    """The line, the loop, the statement and the remedy."""
    group = NPlusOne(
        AUTHORS[0].fingerprint, "blog/views.py:12", 3, "blog/views.py:11", 'Use select_related("author").', (*AUTHORS,)
    )
    assert messages.n_plus_one([group], 2) == (
        "Expected no query more than 2 times from one line, but:\n"
        "  blog/views.py:12 sent one query 3 times, in the loop at blog/views.py:11:\n"
        '    SELECT "name" FROM "author" WHERE "id" = ?\n'
        '    Use select_related("author").'
    )


def test_duplicates() -> None:
    """How many queries came more than once, and which."""
    assert messages.duplicates([[POST, POST]]).splitlines()[0] == (
        "Expected no query twice with the same parameters, but 1 query came 2 times:"
    )


def test_outside_transactions() -> None:
    """How many queries were sent outside a transaction, and which."""
    text = messages.outside_transactions([POST])
    assert text.splitlines()[0] == "Expected no query outside a transaction, but 1 query was sent:"
    assert "blog/views.py:9" in text


def test_slower() -> None:
    """The limit, how many were slower, and which."""
    assert messages.slower([POST, *AUTHORS[:1]], 0.2).splitlines()[0] == (
        "Expected no query slower than 0.2 ms, but 2 queries were:"
    )


def test_nothing_to_watch() -> None:
    """An empty recording without a connection to watch is an error with the remedy, and no zero."""

    class Blind:
        saw_connections = False
        native = ()

        def __len__(self) -> int:
            return 0

    with pytest.raises(NothingRecorded) as caught:
        require_something_seen(Blind())  # type: ignore[arg-type]
    assert str(caught.value) == (
        "No query was recorded, but no connection to a database was there to be watched either, so that says nothing. "
        "Mark the test with @pytest.mark.django_db, or leave the assertion out where no database is used."
    )


def test_native_connection() -> None:
    """Connections whose queries cannot be recorded make the number wrong, so they are an error."""
    assert messages.native_connection_used(["default"]) == (
        "A native async connection to 'default' was used while queries were recorded. Its queries cannot be recorded, "
        "so the number would be wrong. Use Django's own connections in what is counted."
    )


@pytest.mark.parametrize(
    ("number", "error", "text"),
    [
        ("3", TypeError, "the number of queries is '3': give an integer, such as 3."),
        (True, TypeError, "the number of queries is True: give an integer, such as 3."),
        (-1, ValueError, "the number of queries is -1: it cannot be below 0."),
    ],
)
def test_bad_numbers(number: object, error: type[Exception], text: str) -> None:
    """What is no number of queries is refused where it is written, before the block is entered."""
    for assertion in (assert_num_queries, assert_max_queries):
        with pytest.raises(error) as caught:
            assertion(number)  # type: ignore[arg-type]
        assert str(caught.value) == text


def test_snapshots() -> None:
    """A snapshot that is missing, broken or different says which file, and how it is written."""
    how = "run it once with --async-orm-update-snapshots and commit the file"
    assert snapshots.missing("a.sql") == f"There is no snapshot of these queries yet: {how} a.sql."
    assert snapshots.unreadable("a.sql", "why") == f"The snapshot a.sql cannot be read (why): {how} again."
    assert snapshots.different("a.sql", ["-1 x SELECT 1", "+2 x SELECT 1"]) == (
        f"The queries are not those of the snapshot a.sql:\n  -1 x SELECT 1\n  +2 x SELECT 1\nIf that is right, {how}."
    )
    assert "name them, as in query_snapshot('first')" in snapshots.name_used_twice("")
    assert "a block named 'a' already" in snapshots.name_used_twice("a")


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: assert_num_queries(1, kind="select"), ValueError, "kind is 'select': use one of 'other', 'read', "),
        (lambda: assert_no_queries(kind="reads"), ValueError, "Did you mean 'read'?"),
        (lambda: assert_no_n_plus_one("x"), TypeError, "threshold is 'x': give a number of times, such as 2."),
        (lambda: assert_no_n_plus_one(0), ValueError, "threshold is 0: it cannot be below 1."),
        (lambda: assert_no_slow_queries("fast"), TypeError, "milliseconds is 'fast': give a number, such as 50."),
        (lambda: assert_no_slow_queries(-1), ValueError, "milliseconds is -1: it cannot be below 0."),
        (lambda: assert_no_slow_queries(float("nan")), ValueError, "it cannot be below 0."),
    ],
)
def test_bad_arguments(make: Callable[[], object], error: type[Exception], text: str) -> None:
    """What no value of an argument is is told where the assertion is made."""
    with pytest.raises(error, match=re.escape(text)):
        make()


@pytest.mark.parametrize(
    "block", [record_queries, assert_no_queries, assert_no_duplicates, assert_no_queries_outside_transactions]
)
def test_unknown_alias(db: None, block: Callable[..., QueryBlock]) -> None:
    """An alias that the settings do not have is told where the block begins, with those that they have."""
    text = "using is 'defualt': use one of 'default', 'other'. Did you mean 'default'?"
    with pytest.raises(ValueError, match=re.escape(text)), block(using="defualt"):
        pass


def test_bad_questions_to_a_log(db: None) -> None:
    """A log answers no question about a kind, an alias or a threshold that there is not."""
    with record_queries() as log:
        Tag.objects.count()
    for ask in (
        lambda: log.of_kind("select"),
        lambda: log.count(kind="select"),
        lambda: log.using("defualt"),
        lambda: log.n_plus_one(0),
        lambda: log.slower_than(-1),
    ):
        with pytest.raises(ValueError, match=r"use one of|cannot be below"):
            ask()


def test_unknown_table(db: None) -> None:
    """A table that no model has, and no statement named, is an error; one that SQL names, or a model has, is none."""
    with (
        pytest.raises(ValueError, match=r"table is 'sample_app_tags': .* did you mean .*'sample_app_tag'"),
        assert_no_queries(table="sample_app_tags"),
    ):
        Tag.objects.count()
    with (
        pytest.raises(ValueError, match="table is 'typo': no model has a table of that name"),
        assert_max_queries(3, table="typo"),
    ):
        pass
    with assert_no_queries(table="sample_app_tag"), assert_no_queries(table="django_migrations"):
        Post.objects.count()
    with assert_num_queries(1, table="raw"), connection.cursor() as cursor:
        cursor.execute("WITH raw AS (SELECT 1) SELECT * FROM raw")
