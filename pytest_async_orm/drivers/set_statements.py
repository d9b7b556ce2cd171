"""Which settings of its session a statement may change, told by its text.

More may be named than will change: what has become of them is asked of the server. Not seen are settings that a
function or a procedure of the database's own changes.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any, NamedTuple

from pytest_async_orm.drivers.pieces import Pieces, calls_of, name_from, name_in, value_of, word

Params = Any


class Setting(NamedTuple):
    """A setting that a statement names, and whether the value ends with the transaction."""

    name: str
    local: bool = False


class ByCall(NamedTuple):
    """A call of PostgreSQL's `set_config`, whose arguments may be given with the statement."""

    arguments: tuple[Pieces, ...]
    before: int
    """How many `%s` come before them."""

    def setting(self, params: Params) -> Setting | None:
        """What it sets; None if the name is computed. A third argument that is computed is taken for false."""
        values, before = [], self.before
        for argument in self.arguments:
            values.append(value_of(argument, before, params))
            before += argument.count("%s")
        if len(values) != 3 or not isinstance(values[0], str):
            return None
        local = values[2] if values[2] is not None else self.arguments[2][0]
        return Setting(values[0].lower(), str(local).lower() in _TRUE)


_TRUE = frozenset({"true", "t", "on", "yes", "1"})
_SET_CONFIG = frozenset({"set_config"})
_CHARACTERISTICS = (
    "default_transaction_isolation",
    "default_transaction_read_only",
    "default_transaction_deferrable",
)
_ROLES = ("session_authorization", "role")
# The first word, or two, of what is set by other words than its name.
_SPECIAL = {
    "TIME ZONE": ("timezone",),
    "ROLE": ("role",),
    "NAMES": ("client_encoding",),
    "SCHEMA": ("search_path",),
    "XML": ("xmloption",),
    "SESSION AUTHORIZATION": _ROLES,
    "SESSION CHARACTERISTICS": _CHARACTERISTICS,
    "TRANSACTION": (),
    "CONSTRAINTS": (),
    "SEED": (),
}
# They end with the transaction on their own, or cannot be read.
_NOT_KEPT = frozenset({"seed", "transaction_isolation", "transaction_read_only", "transaction_deferrable", "all"})
# Inside of the text of a DO block.
_SET_INSIDE = re.compile(
    r"\bset_config\s*\(\s*'(?P<called>[\w.$]+)'|\bSET\s+(?P<scope>LOCAL\s+|SESSION\s+)?(?P<set>[\w.$]+)\s*(?:=|\bTO\b)",
    re.IGNORECASE,
)


def set_in_postgresql(pieces: Pieces) -> list[Setting | ByCall]:
    """What one statement for PostgreSQL may set."""
    first = word(pieces, 0)
    if first == "SET":
        return list(_after_set(pieces))
    if first == "RESET":
        return [Setting(name) for name in _named(pieces, 1)]
    if first == "DO":
        return list(_inside_block(pieces))
    return [ByCall(tuple(arguments), before) for _, arguments, before in calls_of(pieces, _SET_CONFIG)]


def resets_all(pieces: Pieces) -> bool:
    """Whether one statement for PostgreSQL may change settings that it does not name."""
    return word(pieces, 0) in {"DO", "CALL"} or (word(pieces, 0), word(pieces, 1)) == ("RESET", "ALL")


def _after_set(pieces: Pieces) -> list[Setting]:
    local = word(pieces, 1) == "LOCAL"
    start = 1 + local
    if word(pieces, 1) == "SESSION" and word(pieces, 2) not in {"AUTHORIZATION", "CHARACTERISTICS", "=", "TO"}:
        start = 2
    return [Setting(name, local) for name in _named(pieces, start)]


def _named(pieces: Pieces, start: int) -> list[str]:
    one, two = word(pieces, start), f"{word(pieces, start)} {word(pieces, start + 1)}"
    found = _SPECIAL.get(two, _SPECIAL.get(one) if word(pieces, start + 1) not in {"=", "TO", "."} else None)
    names = (name_from(pieces, start)[0].lower(),) if found is None else found
    return [name for name in names if name and name not in _NOT_KEPT]


def _inside_block(pieces: Pieces) -> list[Setting]:
    return [
        Setting((match["called"] or match["set"]).lower(), (match["scope"] or "").upper().startswith("LOCAL"))
        for match in _SET_INSIDE.finditer(" ".join(pieces))
    ]


_LEVELS = frozenset({"TRANSACTION_ISOLATION", "TRANSACTION_DEFERRABLE"})
_LEVEL = frozenset({"ISOLATION", "DEFERRABLE"})
_NOTHING = "DO 'BEGIN END'"


def without_level_in_postgresql(pieces: Pieces) -> str:
    """What is left of a statement that chooses a transaction's level of isolation, or whether it is deferrable: whether
    it may write, or a statement that does nothing. Empty for any other.
    """
    words = [piece.upper() for piece in pieces]
    if words[:1] != ["SET"]:
        return ""
    if words[1:2] != ["TRANSACTION"]:
        return _NOTHING if not _LEVELS.isdisjoint(words[1:3]) else ""
    if _LEVEL.isdisjoint(words):
        return ""
    modes = [mode for first, mode in pairwise(words) if first == "READ" and mode in {"ONLY", "WRITE"}]
    return f"SET TRANSACTION READ {modes[-1]}" if modes else _NOTHING


CHARSETS = ("character_set_client", "character_set_connection", "character_set_results", "collation_connection")
"""What `SET NAMES` sets, in the order in which it can be set again."""
_SESSION, _GLOBAL = {"SESSION", "LOCAL"}, {"GLOBAL", "PERSIST", "PERSIST_ONLY"}
# What is no variable, cannot be set again as it is read, or belongs to one statement.
_NOT_VARIABLES = frozenset(
    {
        "autocommit", "default", "gtid_seq_no", "identity", "insert_id", "last_insert_id", "password",
        "pseudo_thread_id", "rand_seed1", "rand_seed2", "resource", "role", "sql_log_bin", "statement", "timestamp",
    }
)  # fmt: skip
ISOLATION = "transaction isolation"
"""Of a session of MariaDB or MySQL; what the variable is called depends on the server."""


def set_in_mysql(pieces: Pieces) -> list[Setting]:
    """What one statement for MariaDB or MySQL may set: variables of the session, and variables of the user's, `@x`."""
    names = _user_variables(pieces)
    if word(pieces, 0) == "SET":
        names += _assigned(pieces[1:])
    return [Setting(name) for name in dict.fromkeys(names)]


def without_level_in_mysql(pieces: Pieces) -> str:
    """A statement that does nothing, for one that chooses the next transaction's level of isolation and no more. Empty
    for any other.
    """
    words = [piece.upper() for piece in pieces]
    return "DO 0" if words[:4] == ["SET", "TRANSACTION", "ISOLATION", "LEVEL"] and "," not in words else ""


def _user_variables(pieces: Pieces) -> list[str]:
    return [f"@{name_in(pieces[n + 1])}" for n, piece in enumerate(pieces[:-1]) if piece == "@"]


def _assigned(pieces: Pieces) -> list[str]:
    names, scope = [], "SESSION"
    for assignment in _split(pieces):
        first = word(assignment, 0)
        if first in _SESSION | _GLOBAL:
            scope, assignment = first, assignment[1:]
        elif first == "@@":
            names += _after_at_signs(assignment[1:])
            continue
        if scope not in _GLOBAL:
            names += _variable(assignment, explicit=first in _SESSION)
    return names


def _split(pieces: Pieces) -> list[Pieces]:
    found: list[list[str]] = [[]]
    depth = 0
    for piece in pieces:
        depth += (piece == "(") - (piece == ")")
        if piece == "," and depth == 0:
            found.append([])
        else:
            found[-1].append(piece)
    return [tuple(assignment) for assignment in found if assignment]


def _after_at_signs(pieces: Pieces) -> list[str]:
    if word(pieces, 1) == ".":
        return [] if word(pieces, 0) in _GLOBAL else _variable(pieces[2:], explicit=True)
    return _variable(pieces, explicit=True)


def _variable(pieces: Pieces, *, explicit: bool) -> list[str]:
    first = word(pieces, 0)
    if first in {"NAMES", "CHARSET"} or (first, word(pieces, 1)) in {("CHARACTER", "SET"), ("CHAR", "SET")}:
        return list(CHARSETS)
    if first == "TRANSACTION":
        # Without SESSION it is for the next transaction alone.
        return [ISOLATION, "tx_read_only"] if explicit else []
    name = name_in(pieces[0]).lower() if pieces else "@"
    if name in {"tx_isolation", "transaction_isolation"}:
        return [ISOLATION]
    if name in CHARSETS:
        return list(CHARSETS)
    return [] if name in _NOT_VARIABLES or not name[0].isalpha() else [name]


# https://www.sqlite.org/pragma.html: those of a connection that can be changed within a transaction.
_PRAGMAS = frozenset(
    {
        "analysis_limit", "automatic_index", "busy_timeout", "cache_size", "cache_spill", "case_sensitive_like",
        "cell_size_check", "checkpoint_fullfsync", "count_changes", "defer_foreign_keys", "empty_result_callbacks",
        "full_column_names", "fullfsync", "ignore_check_constraints", "legacy_alter_table", "query_only",
        "read_uncommitted", "recursive_triggers", "reverse_unordered_selects", "secure_delete", "short_column_names",
        "threads", "trusted_schema", "wal_autocheckpoint", "writable_schema",
    }
)  # fmt: skip
_ENDS_WITH_TRANSACTION = frozenset({"defer_foreign_keys"})


def set_in_sqlite(pieces: Pieces) -> list[Setting]:
    """What one statement for SQLite may set."""
    if word(pieces, 0) != "PRAGMA":
        return []
    name, end = name_from(pieces, 1)
    name = name.rpartition(".")[2].lower()
    if word(pieces, end) not in {"=", "("} or name not in _PRAGMAS:
        return []
    return [Setting(name, name in _ENDS_WITH_TRANSACTION)]
