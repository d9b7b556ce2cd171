"""A page with something of every kind, and what leads to its views."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from documents import HOSTILE, a_query, a_session, a_test

BLOG = "tests/test_blog.py::TestBlog::test_lists[1]"
SHAPE = a_query()["fingerprint"]
GROUP = {"fingerprint": SHAPE, "call_site": "tests/test_blog.py:9", "loop": "tests/test_blog.py:8", "count": 5}


def blog() -> dict[str, Any]:
    """Four tests: one of every kind of query, one cut short, a hostile one, one without queries."""
    queries = [
        a_query(1, kind="transaction", sql="BEGIN", fingerprint="BEGIN", params=None),
        a_query(2, kind="write", sql="INSERT INTO tag", fingerprint="INSERT INTO tag", error="IntegrityError: twice"),
        *(a_query(3 + number, call_site=GROUP["call_site"], task_name="Task-1") for number in range(5)),
        a_query(30, thread_name="stray", attributed=False),
    ]
    hostile = a_query(0, sql=f"SELECT '{HOSTILE}'", params=HOSTILE, task_name=HOSTILE, call_site=HOSTILE)
    return a_session(
        a_test(BLOG, queries, n_plus_one=[{**GROUP, "remedy": "Use select_related() before the loop."}]),
        a_test("tests/test_long.py::test_cut", [a_query(1)], count=12, dropped=11, outcome="failed"),
        a_test(f"tests/test_x.py::{HOSTILE}", [hostile]),
        a_test("tests/test_y.py::test_nothing", []),
    )


def at(test: str, query: int | None = None) -> str:
    return f"#test={quote(test, safe='')}" + (f"&query={query}" if query else "")
