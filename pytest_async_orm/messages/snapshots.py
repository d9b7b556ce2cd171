"""What a comparison with a snapshot says."""

from __future__ import annotations

from collections.abc import Sequence

_UPDATE = "run it once with --async-orm-update-snapshots and commit the file"


def missing(path: str) -> str:
    """The error for a snapshot that has no file yet."""
    return f"There is no snapshot of these queries yet: {_UPDATE} {path}."


def unreadable(path: str, reason: str) -> str:
    """The error for a snapshot whose file cannot be read or decoded."""
    return f"The snapshot {path} cannot be read ({reason}): {_UPDATE} again."


def different(path: str, lines: Sequence[str]) -> str:
    """The error for queries that differ from their snapshot; `lines` are those of a unified diff."""
    changes = "\n".join(f"  {line}" for line in lines)
    return f"The queries are not those of the snapshot {path}:\n{changes}\nIf that is right, {_UPDATE}."


def name_used_twice(name: str) -> str:
    """The error for two blocks of one test with one name, or with none."""
    if not name:
        return "this test compares two blocks: name them, as in query_snapshot('first')."
    return f"this test has a block named {name!r} already: give each a name of its own."
