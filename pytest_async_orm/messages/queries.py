"""What a failed assertion on queries says: the rule, the queries as a table, and the remedy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pytest_async_orm.messages.sandbox import shortened

if TYPE_CHECKING:
    from pytest_async_orm.records import NPlusOne, Query

ROWS = 30
"""How many rows a table shows."""


def number(count: int, noun: str = "query") -> str:
    """A count with its noun: `1 query`, `2 queries`, `3 times`."""
    plural = "queries" if noun == "query" else f"{noun}s"
    return f"{count} {noun if count == 1 else plural}"


def expected(relation: str, wanted: int, found: int, what: str = "") -> str:
    """`relation` is `exactly`, `at most` or `at least`; `what` narrows the queries: ` of the table "post"`."""
    verb = "was" if found == 1 else "were"
    return f"Expected {relation} {number(wanted)}{what}, but {found} {verb} sent"


def narrowed(using: str | None, table: str | None, kind: str | None) -> str:
    """What of all queries is meant, in words with a leading space; empty if all are."""
    parts = [
        f" of the kind {kind!r}" if kind else "",
        f" of the table {table!r}" if table else "",
        f" on {using!r}" if using else "",
    ]
    return "".join(parts)


def with_table(first: str, queries: Sequence[Query], dropped: int = 0, unattributed: int = 0) -> str:
    """A message, and below it the queries."""
    lines = [first + (":" if queries or dropped else "."), *table_of(queries)]
    if dropped:
        lines.append(f"  … and {number(dropped)} more that were counted and not kept.")
    if unattributed:
        lines.append(
            f"  {number(unattributed)} beside these came from threads that belong to no block, and were not counted."
        )
    return "\n".join(lines)


def table_of(queries: Sequence[Query]) -> list[str]:
    """Number, milliseconds, alias, task or thread, call site and SQL; equal neighbours are folded."""
    groups = list(_folded(queries))
    rows = [_row(first, group) for first, group in groups[:ROWS]]
    head = ["#", "ms", "alias", "task / thread", "call site", "SQL"]
    lines = [f"  {line}" for line in _aligned([head, *rows])] if rows else []
    if len(groups) > ROWS:
        lines.append(f"  … and {number(sum(len(group) for _, group in groups[ROWS:]))} more.")
    return lines


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns two spaces apart, each wider than its head; the first two hold numbers, and are aligned at their ends."""
    widths = [max(len(head) + 2, *map(len, cells)) for head, *cells in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if column < 2 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _folded(queries: Sequence[Query]) -> Iterable[tuple[int, list[Query]]]:
    """Neighbours with one shape and one call site, with the number of the first."""
    group: list[Query] = []
    for position, query in enumerate(queries, 1):
        if group and _key(group[-1]) != _key(query):
            yield position - len(group), group
            group = []
        group.append(query)
    if group:
        yield len(queries) + 1 - len(group), group


def _key(query: Query) -> tuple[object, ...]:
    return query.alias, query.fingerprint, query.call_site, query.task_name, query.error


def _row(first: int, group: Sequence[Query]) -> list[str]:
    query = group[0]
    numbers = str(first) if len(group) == 1 else f"{first}-{first + len(group) - 1}"
    times = "" if len(group) == 1 else f"{len(group)} x "
    failed = f"  [{shortened(query.error, 80)}]" if query.error else ""
    who = query.task_name or query.thread_name
    if not query.attributed:
        who += " (no block)"
    milliseconds = sum(one.duration_ms for one in group)
    return [
        numbers, f"{milliseconds:.1f}", query.alias, who, query.call_site or "-",
        f"{times}{shortened(query.sql if len(group) == 1 else query.fingerprint, 120)}{failed}",
    ]  # fmt: skip


def n_plus_one(groups: Sequence[NPlusOne], threshold: int) -> str:
    """The error for lines that sent one read by more than `threshold` calls."""
    lines = [f"Expected no query more than {number(threshold, 'time')} from one line, but:"]
    for group in groups:
        loop = f", in the loop at {group.loop}" if group.loop and group.loop != group.call_site else ""
        lines += [
            f"  {group.call_site or 'a line outside of your code'} sent one query {group.count} times{loop}:",
            f"    {shortened(group.fingerprint)}",
            f"    {group.remedy}",
        ]
    return "\n".join(lines)


def duplicates(groups: Sequence[Sequence[Query]]) -> str:
    """The error for reads that were sent again with equal parameters: one group for each."""
    queries = [query for group in groups for query in group]
    times = number(len(queries), "time")
    return with_table(
        f"Expected no query twice with the same parameters, but {number(len(groups))} came {times}", queries
    )


def outside_transactions(queries: Sequence[Query]) -> str:
    """The error for queries that were sent without an open transaction."""
    verb = "was" if len(queries) == 1 else "were"
    return with_table(f"Expected no query outside a transaction, but {number(len(queries))} {verb} sent", queries)


def slower(queries: Sequence[Query], milliseconds: float) -> str:
    """The error for queries that took longer than so many milliseconds."""
    verb = "was" if len(queries) == 1 else "were"
    return with_table(f"Expected no query slower than {milliseconds:g} ms, but {number(len(queries))} {verb}", queries)


def nothing_to_watch() -> str:
    """The error for an empty recording that had no connection to watch."""
    return (
        "No query was recorded, but no connection to a database was there to be watched either, so that says nothing. "
        "Mark the test with @pytest.mark.django_db, or leave the assertion out where no database is used."
    )


def native_connection_used(aliases: Iterable[str]) -> str:
    """The error for a recording during which native async connections were used, by alias."""
    names = ", ".join(map(repr, sorted(aliases)))
    return (
        f"A native async connection to {names} was used while queries were recorded. Its queries cannot be recorded, "
        "so the number would be wrong. Use Django's own connections in what is counted."
    )
