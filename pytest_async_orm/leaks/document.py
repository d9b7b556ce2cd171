"""Leaks and connections as JSON-able data: of one test, and of the whole session."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pytest_async_orm.records import Census, ConnectionRecord, Leak

# More bars than these cannot be told apart on the page; the newest are kept.
MOST_CONNECTIONS = 2000


def facts_of_test(
    records: Iterable[ConnectionRecord], leaks: Iterable[Leak], censuses: Iterable[Census] = ()
) -> dict[str, Any]:
    """What one test, or one process's session, hands on: plain types alone, as xdist wants them."""
    return {
        "connections": [_bar(record) for record in records],
        "leaks": [_leak(leak) for leak in leaks],
        "census": [dict(vars(census)) for census in censuses],
    }


def leaks_document(documents: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The session's connections (oldest first, times in seconds since the epoch) and leaks (equal ones folded).

    `connections`: alias, vendor, test, thread, task, line, closed_line, opened, closed (None: never), from_pool,
    virtual, owned, in_transaction, open_cursors. `leaks`: kind, line, alias, vendor, remedy, allowed, count, tests,
    threads. `census`: what each server was asked. `dropped`: how many older connections are not listed.
    """
    documents = list(documents)
    bars = sorted((bar for document in documents for bar in document["connections"]), key=lambda bar: bar["opened"])
    return {
        "connections": bars[-MOST_CONNECTIONS:],
        "dropped": max(0, len(bars) - MOST_CONNECTIONS),
        "leaks": folded([leak for document in documents for leak in document["leaks"]]),
        "census": [census for document in documents for census in document["census"]],
    }


def folded(leaks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Equal leaks as one entry, most frequent first."""
    entries: dict[tuple[Any, ...], dict[str, Any]] = {}
    for leak in leaks:
        same = ("kind", "line", "alias", "vendor", "remedy", "allowed")
        entry = entries.setdefault(
            tuple(leak[name] for name in same),
            {**{name: leak[name] for name in same}, "count": 0, "tests": [], "threads": []},
        )
        entry["count"] += 1
        for name, value in (("tests", leak["test"] or "the session"), ("threads", leak["thread"])):
            if value and value not in entry[name]:
                entry[name].append(value)
    return sorted(entries.values(), key=lambda entry: (-entry["count"], entry["line"], entry["kind"]))


def _leak(leak: Leak) -> dict[str, Any]:
    return {
        "kind": leak.kind,
        "line": str(leak.opened_at),
        "test": leak.test,
        "alias": leak.alias,
        "vendor": leak.vendor,
        "thread": leak.thread_name,
        "task": leak.task_name,
        "remedy": leak.remedy,
        "allowed": leak.allowed,
    }


def _bar(record: ConnectionRecord) -> dict[str, Any]:
    return {
        "alias": record.alias,
        "vendor": record.vendor,
        "test": record.opened_by,
        "thread": record.thread_name,
        "task": record.task_name,
        "line": str(record.opened_at),
        "closed_line": None if record.closed_at is None else str(record.closed_at),
        "opened": record.opened_time,
        "closed": record.closed_time,
        "from_pool": record.from_pool,
        "virtual": record.virtual,
        "owned": record.owned,
        "in_transaction": record.in_transaction,
        "open_cursors": record.open_cursors,
    }
