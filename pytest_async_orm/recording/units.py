"""One call of a unit of work: a loop counts inside of it, and what calls it again is not a loop of the program's.

A request, a message and a task have a number of their own, by the framework that serves them. Without one, a unit is
what a test calls: the loops of tests call units, those of the program are inside of them.
"""

from __future__ import annotations

import ast
from bisect import bisect
from collections.abc import Iterator, Sequence
from pathlib import Path

from pytest_async_orm.frames.source import file_of
from pytest_async_orm.patches.process import PROCESS
from pytest_async_orm.recording.batches import asks_the_same
from pytest_async_orm.recording.loops import Loop, find_loop
from pytest_async_orm.recording.sources import covers, parted, statement_at
from pytest_async_orm.records import Query


def is_test_code(file: str) -> bool:
    """Whether a file holds tests, by its name or since a test of it runs; or what makes rows for them."""
    name = Path(file).name
    return (
        name.startswith("test_")
        or name.endswith("_test.py")
        or name in ("conftest.py", "factories.py", "tests.py")
        or str(Path(file_of(file)).absolute()) in PROCESS.test_files
    )


def inside(query: Query) -> tuple[str, ...]:
    """The lines of a query's stack that are inside of its request, message or task."""
    return query.stack[: query.origin.inside]


def loop_of(query: Query) -> Loop | None:
    """The innermost loop around a query, inside of its unit."""
    lines = inside(query)
    return find_loop(lines, query.columns[: len(lines)])


def is_loop_of_a_test(group: Sequence[Query], loop: Loop | None, queries: Sequence[Query]) -> bool:
    """Whether a test's own loop calls one unit of work after another, or looks at what they did."""
    if loop is None or not is_test_code(loop.file):
        return False
    first = group[0]
    if first.origin.validates or (first.origin.refreshes and not first.origin.related):
        return True
    called = _called(first, loop)
    if not called:
        return _is_assertion(first.stack[loop.at])
    if not all(is_test_code(parted(site)[0]) for site in called):
        return True
    if asks_the_same(group) and not first.origin.related:
        return True
    return _does_more(group, loop, queries)


def _called(query: Query, loop: Loop) -> list[str]:
    """The lines further in than the loop, but for its own lambdas and comprehensions."""
    places = [(site, *parted(site)) for site in query.stack[: loop.at]]
    return [site for site, file, line in places if file != loop.file or not covers(loop.node, line)]


def _is_assertion(site: str) -> bool:
    statement = statement_at(site)
    if isinstance(statement, ast.Assert):
        return True
    value = getattr(statement, "value", None)
    call = value.value if isinstance(value, ast.Await) else value
    name = getattr(getattr(call, "func", None), "attr", "")
    return isinstance(statement, ast.Expr) and str(name).startswith("assert")


def _does_more(group: Sequence[Query], loop: Loop, queries: Sequence[Query]) -> bool:
    """Whether what the loop calls writes, or asks for more than related objects: a whole operation."""
    beyond = group[0].stack[loop.at :]
    below = [query for query in queries if query.stack[-len(beyond) :] == beyond and len(query.stack) > len(beyond)]
    if any(query.kind != "read" or query.in_transaction for query in below):
        return True
    shapes = {(query.fingerprint, query.stack): query for query in below}
    return len(shapes) > 1 and not all(query.origin.related for query in shapes.values())


def in_one_call(group: Sequence[Query], loop: Loop | None, queries: Sequence[Query]) -> list[list[Query]]:
    """A group's queries, apart for each call of the unit of work that sent them."""
    parts: dict[str | None, list[Query]] = {}
    in_task = loop is not None and loop.at < group[0].origin.own
    for query in group:
        parts.setdefault(query.task_name if in_task else None, []).append(query)
    turns = _turns(group, loop, queries)
    return [found for part in parts.values() for found in _between(part, turns, queries)]


def _turns(group: Sequence[Query], loop: Loop | None, queries: Sequence[Query]) -> list[int]:
    """Where in all queries the turns of a test's own loop begin, as far as a query that each turn sends once tells."""
    lines = inside(group[0])
    columns = group[0].columns
    for at in range(0 if loop is None else loop.at + 1, len(lines)):
        if is_test_code(parted(lines[at])[0]) and find_loop(lines[at : at + 1], columns[at : at + 1]):
            return _marks(lines[at:], queries, {id(query) for query in group})
    return []


def _marks(beyond: tuple[str, ...], queries: Sequence[Query], group: set[int]) -> list[int]:
    once: dict[object, list[int]] = {}
    for position, query in enumerate(queries):
        inner = len(query.stack) - len(beyond)
        if id(query) in group or inner < 0 or query.stack[inner:] != beyond:
            continue
        if find_loop(query.stack[:inner], query.columns[:inner]) is None:
            once.setdefault((query.fingerprint, query.stack), []).append(position)
    return max(once.values(), key=len, default=[])


def _between(part: list[Query], turns: list[int], queries: Sequence[Query]) -> Iterator[list[Query]]:
    if not turns:
        yield part
        return
    positions = {id(query): position for position, query in enumerate(queries)}
    found: dict[int, list[Query]] = {}
    for query in part:
        found.setdefault(bisect(turns, positions[id(query)]), []).append(query)
    yield from found.values()
