"""Documents of sessions, made by hand, and what a page holds of one."""

from __future__ import annotations

import json
import re
from itertools import accumulate
from typing import Any

HOSTILE = "</script><img src=x onerror=alert(1)> <!-- & \u2028 日本"
HALF = "\ud83d"
"""Half a character: text that is no UTF-8."""
_DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)


def a_query(number: int = 0, **given: Any) -> dict[str, Any]:
    return {
        "sql": 'SELECT "post"."id" FROM "post" WHERE "post"."author_id" = %s',
        "params": f"({number},)",
        "alias": "default",
        "vendor": "sqlite",
        "kind": "read",
        "started_at": 1_795_573_335.5 + number / 1000,
        "duration_ms": 0.25,
        "rows": None,
        "thread_name": "MainThread",
        "task_name": None,
        "in_transaction": False,
        "fingerprint": 'SELECT "post"."id" FROM "post" WHERE "post"."author_id" = ?',
        "call_site": f"tests/test_blog.py:{number}",
        "error": None,
        "many": False,
        "attributed": True,
        "stack": [f"tests/test_blog.py:{number}", "tests/test_blog.py:3"],
        "call": 0,
        **given,
    }


def a_test(name: str, queries: list[dict[str, Any]], **given: Any) -> dict[str, Any]:
    counts = {"count": len(queries), "dropped": 0, "outcome": "passed", "n_plus_one": []}
    return {"test": name, "queries": queries, **counts, **given}


def a_session(*tests: dict[str, Any], **given: Any) -> dict[str, Any]:
    environment = {"python": "3.12.1", "django": "6.1.3", "databases": {"default": "django.db.backends.sqlite3"}}
    return {"schema": 1, "environment": environment, "queries": list(tests), "leaks": [], "root": "/project", **given}


def a_leak(kind: str, **changed: Any) -> dict[str, Any]:
    """An entry of `leaks`, as `folded` makes it."""
    plain = {
        "kind": kind,
        "line": "tests/test_blog.py:7",
        "alias": "default",
        "vendor": "sqlite",
        "allowed": None,
        "remedy": "Close it.",
        "count": 1,
        "tests": ["tests/test_blog.py::test_it"],
        "threads": ["worker"],
    }
    return {**plain, **changed}


def a_connection(opened: float, **changed: Any) -> dict[str, Any]:
    """An entry of `connections`, opened so many seconds after the first."""
    plain = {
        "alias": "default",
        "vendor": "sqlite",
        "test": "tests/test_blog.py::test_it",
        "thread": "MainThread",
        "task": None,
        "line": "tests/test_blog.py:7",
        "closed_line": None,
        "opened": 1e9 + opened,
        "closed": None,
        "from_pool": False,
        "virtual": False,
        "owned": False,
        "in_transaction": False,
        "open_cursors": 0,
    }
    found = {**plain, **changed}
    return {**found, "closed": None if found["closed"] is None else 1e9 + found["closed"]}


def many_queries(count: int) -> dict[str, Any]:
    """A test with queries of 40 shapes, from 50 lines in 12 tasks on 4 threads, each with parameters of its own."""
    queries = [
        a_query(
            number,
            sql=f'SELECT "post"."id", "post"."title" FROM "post" WHERE "post"."kind_{number % 40}" = %s',
            fingerprint=f'SELECT "post"."id", "post"."title" FROM "post" WHERE "post"."kind_{number % 40}" = ?',
            call_site=f"tests/test_blog.py:{number % 50}",
            stack=[f"tests/test_blog.py:{number % 50}"],
            kind="write" if number % 7 == 0 else "read",
            duration_ms=0.05 + number % 97 / 100,
            task_name=f"Task-{number % 12}",
            thread_name=f"ThreadPoolExecutor-0_{number % 4}",
            rows=number % 21,
        )
        for number in range(count)
    ]
    return a_test(f"tests/test_blog.py::test_{count}", queries)


def data_of(page: str) -> Any:
    """What the page's script reads: the text of the one element that holds data."""
    (text,) = _DATA.findall(page)
    return json.loads(text)


def queries_of(data: Any, test: Any) -> list[dict[str, Any]]:
    """The queries as they were before they were packed, with times in microseconds since the first."""

    def text(number: int | None) -> Any:
        return None if number is None else data["strings"][number]

    columns = {
        name: found if isinstance(found, list) else [found] * test["kept"] for name, found in test["columns"].items()
    }
    found = []
    for index, start in enumerate(accumulate(columns["start"])):
        value = {name: column[index] for name, column in columns.items()}
        sql, shape, kind, alias, vendor, many = data["statements"][value["statement"]]
        site, *stack = data["stacks"][value["stack"]]
        thread, task = data["lanes"][value["lane"]]
        found.append(
            {
                "sql": text(sql),
                "params": text(value["params"]),
                "alias": text(alias),
                "vendor": text(vendor),
                "kind": text(kind),
                "start": start,
                "duration": value["duration"],
                "rows": value["rows"],
                "thread_name": text(thread),
                "task_name": text(task),
                "in_transaction": bool(value["flags"] & 1),
                "fingerprint": text(shape),
                "call_site": text(site),
                "error": text(value["error"]),
                "many": bool(many),
                "attributed": not value["flags"] & 2,
                "stack": [text(line) for line in stack],
                "call": value["call"],
            }
        )
    return found
