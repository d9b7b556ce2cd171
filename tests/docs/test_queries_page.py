"""What the page about queries shows is what happens."""

from __future__ import annotations

import pytest_async_orm
from pytest_async_orm import options
from tests.docs.pages import QUERIES, shows
from tests.docs.reader import Reader


def test_failures_are_as_shown(plugin_reader: Reader) -> None:
    """The example fails with the messages that the page shows: a wrong number, and an N+1 with its loop and remedy."""
    ((command, shown, output),) = plugin_reader.follow(QUERIES)
    assert shows(shown, output), f"$ {command}\n{output}"


def test_nothing_is_left_out() -> None:
    """The page names every function, fixture, option and ini value of query recording."""
    text = QUERIES.read_text("utf-8")
    functions = [name for name in pytest_async_orm.__all__ if name.startswith(("assert_", "record_"))]
    fixtures = ["query_log", "query_snapshot", "async_assert_num_queries", "async_assert_max_num_queries"]
    wanted = [
        "async_orm_max_queries",
        "async_orm_n_plus_one",
        *options.REACTIONS,
        "--async-orm-top",
        "--async-orm-report",
    ]
    for name in [*functions, *fixtures, *wanted, "--async-orm-html", "--async-orm-update-snapshots"]:
        # Leaks have a page of their own.
        assert f"`{name}" in text or name == "assert_no_leaks", name
