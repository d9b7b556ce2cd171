"""Statements of two sides, beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher


def aligned(expected: Sequence[str], observed: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The statements of both sides, beside each other where they are the same; empty where one side has none."""
    for _, start, stop, begin, end in SequenceMatcher(None, expected, observed, autojunk=False).get_opcodes():
        ours, theirs = [*expected[start:stop]], [*observed[begin:end]]
        for at in range(max(len(ours), len(theirs))):
            yield (ours[at] if at < len(ours) else "", theirs[at] if at < len(theirs) else "")
