"""What repeats and is no N+1: reads that are no rows of a loop, and loops that wait, try again, or serve.

When in doubt a loop is left alone: that a query is repeated is seen in every table of queries anyway.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from pytest_async_orm.recording.batches import asks_the_same, is_page
from pytest_async_orm.recording.loops import Loop
from pytest_async_orm.recording.sources import covers, function_text, names_called, parted, statement_at
from pytest_async_orm.records import Query

_LOCK = re.compile(r"(?i)\bFOR (?:NO KEY )?(?:UPDATE|SHARE|KEY SHARE)\b")
_WAITS = frozenset({"sleep", "wait", "wait_for", "checkpoint", "pause", "poll"})
_RECEIVES = re.compile(
    r"\b(?:receive\w*|recv\w*|accept|get_message|blpop|brpop|sleep|wait|wait_for|poll)\("
    r"|\w*(?:queue|jobs|inbox|mailbox|channel|stream)\w*\.(?:get|get_nowait|pop|popleft|read)\("
)


def is_for_a_row(query: Query) -> bool:
    """Whether a query may be one of a loop's: a read that succeeded, and is neither a page nor part of a write."""
    origin = query.origin
    if query.kind != "read" or query.error is not None or origin.writes or origin.makes:
        return False
    return not (is_page(query) or locks(query))


def locks(query: Query) -> bool:
    """Whether rows are locked: each by its own statement, in an order and for a time that the program chooses.

    SQLite has no such clause, so there the source of the function tells.
    """
    if query.vendor == "sqlite":
        return query.in_transaction and "select_for_update" in function_text(query.call_site)
    return _LOCK.search(query.fingerprint) is not None


def is_wait_or_attempt(group: Sequence[Query], loop: Loop | None) -> bool:
    """Whether queries are repeated until something has happened, and not for the rows of a loop."""
    first = group[0]
    if first.origin.related:
        return False
    if loop is not None and (_is_condition(first, loop) or _tries(first, loop) or _serves(loop)):
        return True
    if not asks_the_same(group):
        return False
    return loop is None or not loop.sure or _waits(loop)


def _is_condition(query: Query, loop: Loop) -> bool:
    """`while await Post.objects.filter(slug=slug).aexists():` looks for a value, or waits for one."""
    return isinstance(loop.node, ast.While) and covers(loop.node.test, parted(query.stack[loop.at])[1])


def _tries(query: Query, loop: Loop) -> bool:
    """`for attempt in range(5):`, left by `break` or `return`, whose number the query does not depend on."""
    node = loop.node
    if not isinstance(node, (ast.For, ast.AsyncFor)) or not isinstance(node.iter, ast.Call):
        return False
    if names_called(node.iter).isdisjoint({"range", "count"}):
        return False
    statement = statement_at(query.stack[loop.at])
    used = {name.id for name in ast.walk(statement) if isinstance(name, ast.Name)} if statement is not None else set()
    counters = {name.id for name in ast.walk(node.target) if isinstance(name, ast.Name)}
    return counters.isdisjoint(used) and any(isinstance(inner, (ast.Break, ast.Return)) for inner in ast.walk(node))


def _serves(loop: Loop) -> bool:
    """`while True:` around a wait for the next message or job: each turn is a unit of work of its own."""
    node = loop.node
    endless = isinstance(node, ast.While) and isinstance(node.test, ast.Constant)
    return endless and _RECEIVES.search(ast.unparse(node)) is not None


def _waits(loop: Loop) -> bool:
    """Whether a loop sleeps, or has an exception tried again."""
    if not names_called(loop.node).isdisjoint(_WAITS):
        return True
    body = list(ast.walk(loop.node))
    leaves = any(isinstance(node, (ast.Break, ast.Return)) for node in body)
    return leaves and any(isinstance(node, ast.Try) for node in body)
