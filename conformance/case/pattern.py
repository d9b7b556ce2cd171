"""Name entries by whole segments of their dotted ids."""

from __future__ import annotations

import re

_PATTERN = re.compile(r"(\*|[a-z0-9_]+)(\.(\*|[a-z0-9_]+))*")


def is_pattern(text: str) -> bool:
    """Whether every segment is a whole name or `*`. `queryset.a*` is not a pattern."""
    return _PATTERN.fullmatch(text) is not None


def matches(pattern: str, entry_id: str) -> bool:
    """Whether the pattern names the entry.

    `*` stands for one segment; as the last segment, for one or more. Without `*`, only the very same id matches.
    """
    wanted, actual = pattern.split("."), entry_id.split(".")
    if wanted[-1] == "*" and len(actual) > len(wanted):
        actual = actual[: len(wanted)]
    return len(wanted) == len(actual) and all(
        want in ("*", segment) for want, segment in zip(wanted, actual, strict=True)
    )
