"""What was recorded, as plain data: JSON can hold it, and pytest-xdist can send it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pytest_async_orm.messages.sandbox import shortened
from pytest_async_orm.queries.log import QueryLog
from pytest_async_orm.records import Query

SCHEMA = 1
_PACKAGES = ("django", "asgiref", "pytest", "pytest-django", "pytest-asyncio", "pytest-async-orm")
_FIELDS = tuple(field.name for field in fields(Query) if field.name != "columns")
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
                "mend": group.mend,
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


def session_document(tests: Sequence[dict[str, Any]], leaks: Mapping[str, Any]) -> dict[str, Any]:
    """The whole session, as `--async-orm-report` writes it."""
    return {
        "schema": SCHEMA,
        "environment": environment_document(),
        "queries": sorted(tests, key=lambda test: str(test["test"])),
        "leaks": leaks.get("leaks", []),
        "connections": leaks.get("connections", []),
        "census": leaks.get("census", []),
    }


def environment_document() -> dict[str, Any]:
    """Versions, and the databases by alias and vendor."""
    found: dict[str, Any] = {"python": ".".join(map(str, sys.version_info[:3]))}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    found["databases"] = _databases()
    return found


def _databases() -> dict[str, str]:
    from django.conf import settings

    if not settings.configured:
        return {}
    return {alias: str(database["ENGINE"]) for alias, database in settings.DATABASES.items()}
