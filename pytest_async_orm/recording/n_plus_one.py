"""Queries that a loop repeats, the line of the loop, and what would avoid it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pytest_async_orm.recording.batches import is_batch
from pytest_async_orm.recording.remedies import remedy_for
from pytest_async_orm.recording.repeats import is_for_a_row, is_wait_or_attempt
from pytest_async_orm.recording.units import in_one_call, inside, is_loop_of_a_test, loop_of
from pytest_async_orm.records import NPlusOne, Query


def find(queries: Iterable[Query], threshold: int) -> list[NPlusOne]:
    """The reads that one way through the user's code sent by more than `threshold` calls, oldest first."""
    sent = list(queries)
    groups: dict[tuple[object, ...], list[Query]] = {}
    for query in sent:
        # Without a line of the user's it is a unit's, by a framework alone, or nothing is known of it.
        if (inside(query) or query.origin.unit) and is_for_a_row(query):
            groups.setdefault(_key(query), []).append(query)
    repeated = [group for group in groups.values() if _calls(group) > threshold and not is_batch(group)]
    return _told_once([found for group in repeated if (found := _judged(group, sent, threshold)) is not None])


def _told_once(found: Sequence[NPlusOne]) -> list[NPlusOne]:
    """One for each line and statement, of the call that repeats it most; none for what comes with another's rows."""
    worst: dict[object, NPlusOne] = {}
    for one in found:
        first = one.queries[0]
        same = (first.alias, one.fingerprint, inside(first), first.origin.sender)
        if same not in worst or worst[same].count < one.count:
            worst[same] = one
    asked = {inside(one.queries[0]) for one in worst.values() if not one.queries[0].call}
    return [one for one in worst.values() if not (one.queries[0].call and inside(one.queries[0]) in asked)]


def _key(query: Query) -> tuple[object, ...]:
    """What a loop repeats has one way through the user's code; on it a line that recurs, by recursion, counts once."""
    origin = query.origin
    return query.alias, query.fingerprint, tuple(dict.fromkeys(inside(query))), origin.unit, origin.sender


def _calls(group: Sequence[Query]) -> int:
    """Statements that one call of Django's sent in batches are one."""
    return sum(not query.call for query in group) + len({query.call for query in group if query.call})


def _judged(group: Sequence[Query], queries: Sequence[Query], threshold: int) -> NPlusOne | None:
    """What a group is, if it is an N+1."""
    first = group[0]
    loop = loop_of(first)
    if is_wait_or_attempt(group, loop) or is_loop_of_a_test(group, loop, queries):
        return None
    worst = max(in_one_call(group, loop, queries), key=_calls)
    if _calls(worst) <= threshold:
        return None
    return NPlusOne(
        first.fingerprint,
        first.call_site,
        _calls(worst),
        None if loop is None else loop.site,
        remedy_for(worst, queries),
        tuple(worst),
    )
