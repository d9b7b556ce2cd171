"""The shortest `when` that holds in some environments and not in others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from conformance.environment import Environment
from conformance.expectations import When

_FLAGS = ("pooled", "server_side_binding")
# The axes that are tried, those first by which people tell environments apart.
_VALUES = ("vendor", "driver", "variant", *_FLAGS, "runner")
_VERSIONS = ("django", "asgiref")
_MOST = 3
Numbers = tuple[int, ...]


def condition_for(wanted: Sequence[Environment], others: Sequence[Environment]) -> dict[str, Any] | None:
    """What all `wanted` and none of the `others` fulfil; empty if there are no others, None if nothing tells them
    apart."""
    if not others:
        return {}
    parts = {axis: found for axis in (*_VALUES, *_VERSIONS) if (found := _part(axis, wanted, others)) is not None}
    for size in range(1, _MOST + 1):
        for axes in combinations(parts, size):
            condition = {axis: parts[axis] for axis in axes}
            if _holds(condition, wanted, others):
                return condition
    return None


def _holds(condition: dict[str, Any], wanted: Sequence[Environment], others: Sequence[Environment]) -> bool:
    when = When.from_dict(condition)
    return all(map(when.holds_in, wanted)) and not any(map(when.holds_in, others))


def _part(axis: str, wanted: Sequence[Environment], others: Sequence[Environment]) -> Any:
    """The axis's own condition; None if it tells nothing apart."""
    if axis in _VERSIONS:
        return _range(axis, wanted, others)
    values = list(dict.fromkeys(getattr(each, axis) for each in wanted))
    if all(getattr(each, axis) in values for each in others):
        return None
    if axis in _FLAGS:
        return values[0] if len(values) == 1 else None
    return values[0] if len(values) == 1 else values


def _range(axis: str, wanted: Sequence[Environment], others: Sequence[Environment]) -> str | None:
    """From the oldest wanted to before the next that is not; open where there is no such."""
    inside = sorted({_numbers(getattr(each, axis)) for each in wanted})
    outside = sorted({_numbers(getattr(each, axis)) for each in others})
    below = [each for each in outside if each < inside[0]]
    above = [each for each in outside if each > inside[-1]]
    bounds = tuple(_bounds(inside, below, above))
    return ",".join(bounds) or None


def _bounds(inside: list[Numbers], below: list[Numbers], above: list[Numbers]) -> Iterator[str]:
    if below:
        yield f">={_boundary(below[-1], inside[0])}"
    if above:
        yield f"<{_boundary(inside[-1], above[0])}"


def _boundary(low: Numbers, high: Numbers) -> str:
    """The series of the higher one, where the lower one is of another: `5.2`, and not `5.2.8`."""
    numbers = high[:2] if high[:2] != low[:2] else high
    return ".".join(map(str, numbers))


def _numbers(version: str) -> Numbers:
    return tuple(int(part) for part in re.findall(r"\d+", version))
