"""What a comparison with a snapshot says."""

from __future__ import annotations

from collections.abc import Sequence

_UPDATE = "run it once with --async-orm-update-snapshots and commit the file"


def missing(path: str) -> str:
    return f"There is no snapshot of these queries yet: {_UPDATE} {path}."


def unreadable(path: str, reason: str) -> str:
    return f"The snapshot {path} cannot be read ({reason}): {_UPDATE} again."


def different(path: str, lines: Sequence[str]) -> str:
    changes = "\n".join(f"  {line}" for line in lines)
    return f"The queries are not those of the snapshot {path}:\n{changes}\nIf that is right, {_UPDATE}."


def name_used_twice(name: str) -> str:
    if not name:
        return "this test compares two blocks: name them, as in query_snapshot('first')."
    return f"this test has a block named {name!r} already: give each a name of its own."
