"""What a test has sent, as plain data: JSON can hold it, and pytest-xdist can send it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from pytest_async_orm.messages.sandbox import shortened
from pytest_async_orm.recording.log import QueryLog
from pytest_async_orm.records import Query

_FIELDS = tuple(field.name for field in fields(Query) if field.name not in {"columns", "origin"})
_LONGEST = 10_000


def queries_document(test: str, log: QueryLog, threshold: int) -> dict[str, Any]:
    """One test: its queries in the order in which they ended, and the N+1 found."""
    return {
        "test": test,
        "count": len(log),
        "dropped": log.dropped,
        "queries": [_query(query) for query in log],
        "n_plus_one": [
            {
                "fingerprint": group.fingerprint,
                "call_site": group.call_site,
                "loop": group.loop,
                "count": group.count,
                "remedy": group.remedy,
            }
            for group in log.n_plus_one(threshold)
        ],
    }


def _query(query: Query) -> dict[str, Any]:
    found = {name: getattr(query, name) for name in _FIELDS}
    found["sql"] = shortened(query.sql, _LONGEST)
    # Parameters may be anything; the report shows them.
    found["params"] = None if query.params is None else shortened(repr(query.params), _LONGEST)
    found["stack"] = list(query.stack)
    return found
