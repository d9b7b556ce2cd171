"""What a session has by name and no statement can keep apart for two users of it: temporary tables, prepared
statements, cursors, locks of the session, attached databases.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise
from typing import Any, NamedTuple

from pytest_async_orm.drivers.pieces import Pieces, calls_of, filled, name_from, name_in, word

ALL = "*"
"""Instead of a name: whatever there is of a kind."""


class Thing(NamedTuple):
    """Something that a session has."""

    kind: str
    """`table`, `view`, `sequence`, `trigger`, `index`, `function`, `procedure`, `aggregate`, `type`, `domain` (all of
    them temporary), `statement`, `cursor`, `lock`, `database`.
    """
    name: str
    """Of a lock, what its key is computed from."""


TEMPORARY = frozenset({"table", "view", "sequence", "trigger", "index"})
ROUTINES = frozenset({"function", "procedure", "aggregate"})
TYPES = frozenset({"type", "domain"})
_TEMPORARY_WORDS = {"TEMP", "TEMPORARY"}
_TEMPORARY_SCHEMAS = {"pg_temp", "temp"}


def _after(pieces: Pieces, start: int, *skipped: str) -> int:
    while word(pieces, start) in skipped:
        start += 1
    return start


def made_by(pieces: Pieces) -> tuple[Thing, bool] | None:
    """What a statement makes by its first words, and whether it ends with the transaction."""
    first = word(pieces, 0)
    if first == "CREATE":
        return _created(pieces)
    if first in {"SELECT", "WITH"}:
        return _selected_into(pieces)
    if first == "PREPARE" and word(pieces, 1) != "TRANSACTION" and len(pieces) > 1:
        return Thing("statement", name_in(pieces[1])), False
    if first == "DECLARE" and len(pieces) > 1:
        return Thing("cursor", name_in(pieces[1])), "HOLD" not in map(str.upper, pieces)
    if first == "ATTACH" and word(pieces, -2) == "AS":
        return Thing("database", name_in(pieces[-1])), False
    return None


def _created(pieces: Pieces) -> tuple[Thing, bool] | None:
    start = _after(pieces, 1, "OR", "REPLACE", "GLOBAL", "LOCAL")
    temporary = word(pieces, start) in _TEMPORARY_WORDS
    start = _after(pieces, start, *_TEMPORARY_WORDS, "RECURSIVE", "UNIQUE")
    kind = word(pieces, start).lower()
    if kind not in TEMPORARY | ROUTINES | TYPES:
        return None
    schema, _, name = name_from(pieces, _after(pieces, start + 1, "IF", "NOT", "EXISTS"))[0].rpartition(".")
    if not name or not (temporary or schema in _TEMPORARY_SCHEMAS):
        return None
    ends = any(word(pieces, number) == "COMMIT" and word(pieces, number + 1) == "DROP" for number in range(len(pieces)))
    return Thing(kind, name), ends


def _selected_into(pieces: Pieces) -> tuple[Thing, bool] | None:
    for number, piece in enumerate(pieces):
        if piece.upper() == "INTO" and word(pieces, number + 1) in _TEMPORARY_WORDS:
            start = _after(pieces, number + 2, "TABLE")
            return (Thing("table", name_in(pieces[start])), False) if start < len(pieces) else None
    return None


def used_by(pieces: Pieces) -> list[Thing]:
    """What a statement uses by its first words."""
    first = word(pieces, 0)
    if first in {"PREPARE", "EXECUTE", "DEALLOCATE"} or (first, word(pieces, 1)) == ("DROP", "PREPARE"):
        name = name_in(pieces[_after(pieces, 1, "PREPARE")]) if _after(pieces, 1, "PREPARE") < len(pieces) else ""
        return [Thing("statement", ALL if name == "all" else name)]
    if first in {"DECLARE", "CLOSE"} and len(pieces) > 1:
        return [Thing("cursor", ALL if word(pieces, 1) == "ALL" else name_in(pieces[1]))]
    if first in {"FETCH", "MOVE"}:
        return [Thing("cursor", name_in(pieces[-1]))]
    if first == "DETACH" or (first == "ATTACH" and word(pieces, -2) == "AS"):
        return [Thing("database", name_in(pieces[-1]))]
    if first == "DISCARD" and word(pieces, 1) in {*_TEMPORARY_WORDS, "ALL"}:
        return [Thing(kind, ALL) for kind in ("table", "view", "sequence")]
    return []


_MODES = ("", "_shared")
_ADVISORY = {
    f"pg_{wait}advisory_{scope}lock{mode}" for wait in ("", "try_") for scope in ("", "xact_") for mode in _MODES
}
_OF_TRANSACTION = frozenset(name for name in _ADVISORY if "xact" in name)
_FREEING = {"pg_advisory_unlock", "pg_advisory_unlock_shared", "release_lock"}
_FREEING_ALL = {"pg_advisory_unlock_all", "release_all_locks"}
_LOCKS = frozenset(_ADVISORY | {"get_lock"} | _FREEING | _FREEING_ALL | {"is_free_lock", "is_used_lock"})


class LockCall(NamedTuple):
    """A call of one of the functions for a session's locks."""

    function: str
    key: Pieces
    """The arguments that say which lock."""
    before: int
    """How many `%s` come before them."""

    def thing(self, params: Any) -> Thing:
        """The lock; all of them, where the call frees all."""
        if self.function in _FREEING_ALL:
            return Thing("lock", ALL)
        return Thing("lock", " ".join(filled(self.key, self.before, params)))

    @property
    def takes(self) -> bool:
        """Whether it takes the lock."""
        return self.function in _ADVISORY or self.function == "get_lock"

    @property
    def ends_with_transaction(self) -> bool:
        """Whether a lock that it takes is given back by the end of the transaction, and by nothing else."""
        return self.function in _OF_TRANSACTION

    @property
    def frees(self) -> bool:
        """Whether it gives the lock back."""
        return self.function in _FREEING | _FREEING_ALL


def locks_in(pieces: Pieces) -> list[LockCall]:
    """The calls for locks in a statement."""
    found = []
    for name, arguments, before in calls_of(pieces, _LOCKS):
        # GET_LOCK's second argument is a time-out.
        key = arguments[:1] if name == "get_lock" else arguments
        found.append(LockCall(name, tuple(piece for argument in key for piece in argument), before))
    return found


_BEFORE_TABLE = {
    "FROM", "JOIN", "INTO", "UPDATE", "TABLE", "VIEW", "SEQUENCE", "ONLY", "USING", "COPY", "TRUNCATE", "EXISTS",
    "ANALYZE", "REFERENCES",
}  # fmt: skip
_BEFORE_QUERY = {"(", "NOT", "MATERIALIZED"}
_BEFORE_COLUMNS = {"INTO", "TABLE", "EXISTS", "COPY", "REFERENCES"}


def tables_named(pieces: Pieces, names: Collection[str]) -> set[str]:
    """Which of some names a statement has where a table's stands, without a schema or with the temporary one."""
    found = set()
    for number, piece in enumerate(pieces):
        name = name_in(piece)
        if name in names and piece[0] != "'" and _stands_for_table(pieces, number):
            found.add(name)
    return found


def _stands_for_table(pieces: Pieces, number: int) -> bool:
    before = number - 1
    if before > 0 and pieces[before] == ".":
        if name_in(pieces[before - 1]) not in _TEMPORARY_SCHEMAS:
            return False
        before -= 2
    follower = word(pieces, number + 1)
    if before < 0 or word(pieces, before) not in _BEFORE_TABLE or follower == ".":
        return False
    if follower == "(" and word(pieces, before) not in _BEFORE_COLUMNS:
        return False
    return not _is_cte(pieces, name_in(pieces[number]))


def _is_cte(pieces: Pieces, name: str) -> bool:
    return any(
        name_in(piece) == name and word(pieces, number + 1) == "AS" and word(pieces, number + 2) in _BEFORE_QUERY
        for number, piece in enumerate(pieces)
    )


def named_in_schema(pieces: Pieces, names: Collection[str]) -> set[str]:
    """Which of some names a statement has behind the temporary schema, without which no routine there is found."""
    return {
        name_in(piece)
        for number, piece in enumerate(pieces[2:], 2)
        if pieces[number - 1] == "." and name_in(pieces[number - 2]) in _TEMPORARY_SCHEMAS and name_in(piece) in names
    }


def _is_cast(pieces: Pieces, number: int) -> bool:
    """Whether a cast's type stands there: behind `::`, or at the end of `CAST(… AS …)`. Elsewhere AS names a column."""
    before = word(pieces, number - 1)
    if before == "AS":
        return word(pieces, number + 1) == ")" and "CAST" in map(str.upper, pieces[:number])
    return before in {":", "::"}


def types_named(pieces: Pieces, names: Collection[str]) -> set[str]:
    """Which of some names a statement has where the type of a cast stands, or behind the temporary schema."""
    casts = {
        name_in(piece)
        for number, piece in enumerate(pieces)
        if number and name_in(piece) in names and _is_cast(pieces, number)
    }
    return casts | named_in_schema(pieces, names)


def schemas_named(pieces: Pieces, names: Collection[str]) -> set[str]:
    """Which of some names of databases a statement has before a dot."""
    return {name_in(p) for p, dot in pairwise(pieces) if dot == "." and name_in(p) in names}
