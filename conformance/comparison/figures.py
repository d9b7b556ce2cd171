"""What was seen on both sides and differs although the verdict does not."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile, zip_longest

from conformance.case import Measured
from conformance.comparison.model import Figure

# Characters of a statement that are told.
_LONGEST = 160
_LEAD = 30


def figures_of(before: Measured, after: Measured) -> Iterator[Figure]:
    """The figures of one check that differ. Counts over examples are compared only where both had as many."""
    yield from _hops(before, after)
    yield from _statements(before, after)
    yield from _sets(before, after)
    yield from _sent(before, after)
    yield from _failures(before, after)


def _hops(before: Measured, after: Measured) -> Iterator[Figure]:
    old, new = (measured.evidence.get("hops") for measured in (before, after))
    if old is not None and new is not None and old != new:
        yield Figure("hops", old, new, f"{_handed_over(old)} → {_handed_over(new)}")


def _handed_over(hops: int) -> str:
    if not hops:
        return "runs natively on the event loop"
    return f"handed over to a thread {'once' if hops == 1 else f'{hops} times'}"


def _statements(before: Measured, after: Measured) -> Iterator[Figure]:
    old, new = (measured.evidence.get("statements") for measured in (before, after))
    if before.examples == after.examples and None not in (old, new) and old != new:
        yield Figure("statements", old, new, f"{old} → {new} statements in {after.examples} examples")


def _sets(before: Measured, after: Measured) -> Iterator[Figure]:
    """On which threads statements ran, and the types of what was raised: not how often."""
    for name, told in (("threads", _moved), ("exceptions", _raised)):
        old, new = (tuple(sorted(measured.evidence.get(name, ()))) for measured in (before, after))
        if old != new and all(name in measured.evidence for measured in (before, after)):
            yield Figure(name, old, new, told(old, new))


def _moved(old: tuple[str, ...], new: tuple[str, ...]) -> str:
    return f"statements on {_listed(old)} → {_listed(new)}"


def _raised(old: tuple[str, ...], new: tuple[str, ...]) -> str:
    """Without the types that both raise."""
    added = ", ".join(name for name in new if name not in old)
    gone = ", ".join(name for name in old if name not in new)
    if added and gone:
        return f"raises {added}, and no longer {gone}"
    return f"no longer raises {gone}" if gone else f"raises {added}{' too' if old else ''}"


def _sent(before: Measured, after: Measured) -> Iterator[Figure]:
    """What the asynchronous side of the ordinary example sends, where both sides have the same example."""
    old, new = before.shown, after.shown
    if old is None or new is None or (old.code, old.rows) != (new.code, new.rows):
        return
    sent = old.sql[-1:], new.sql[-1:]
    if sent[0] != sent[1]:
        first = next(each for each in zip_longest(*(side[0] if side else () for side in sent)) if each[0] != each[1])
        yield Figure("sql", *sent, _sends(*first))


def _sends(old: str | None, new: str | None) -> str:
    """Both statements, long ones from shortly before the place where they differ."""
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old or "", new or "", strict=False)))
    start = max(alike - _LEAD, 0)
    return f"sends {_short(old, start)} → {_short(new, start)}"


def _short(statement: str | None, start: int) -> str:
    if statement is None:
        return "no more"
    begin, rest = ("…", statement[start:]) if start else ("", statement)
    return f"`{begin}{rest}`" if len(rest) <= _LONGEST else f"`{begin}{rest[:_LONGEST]}…`"


def _failures(before: Measured, after: Measured) -> Iterator[Figure]:
    old, new = (_told(measured) for measured in (before, after))
    if old != new:
        yield Figure("failure", old, new, f"{old or 'no reason'} → {new or 'no reason'}")


def _told(measured: Measured) -> str:
    return " ".join((measured.failure.message if measured.failure else measured.reason).split())


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "nothing"
