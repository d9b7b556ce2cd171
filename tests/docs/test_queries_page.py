"""What the page about queries shows is what happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest_async_orm
from pytest_async_orm import options
from tests.docs.pages import ROOT, blocks, session
from tests.docs.test_readme import ALONE, run

PAGE = ROOT / "docs/queries.md"


def failures(output: str) -> list[str]:
    """The lines of the errors, without the milliseconds, which differ from run to run."""
    lines = [line for line in output.splitlines() if line.startswith("E ")]
    return [re.sub(r" +\d+\.\d  ", " N ", line) for line in lines]


def test_failures_are_as_shown(tmp_path: Path) -> None:
    """The example fails with the messages that the page shows: a wrong number, and N+1 with its loop and remedy."""
    (example,) = [block for block in blocks(PAGE, "python") if "def test_number" in block]
    (tmp_path / "test_posts.py").write_text(example, "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n", "utf-8")
    ended = run("pytest -q -p no:randomly test_posts.py", tmp_path, **ALONE)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    shown = failures(session(PAGE, "pytest -q test_posts.py"))
    assert failures(ended.stdout) == shown
    assert len(shown) == 8


def test_nothing_is_left_out() -> None:
    """The page names every function, fixture, option and ini value of query recording."""
    text = PAGE.read_text("utf-8")
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
