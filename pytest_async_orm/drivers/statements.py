"""Which statements would end the test's transaction: told by their first words."""

from __future__ import annotations

import re
from functools import lru_cache
from sqlite3 import complete_statement
from typing import Any

_FIRST_WORDS = re.compile(r"\s*(?:(?:/\*.*?\*/|--[^\n]*\n|#[^\n]*\n)\s*)*(\w+)(?:\s+(\w+))?(?:\s+(\w+))?", re.DOTALL)

_ALWAYS = frozenset({"COMMIT", "BEGIN", "END", "ABORT"})
# https://mariadb.com/kb/en/sql-statements-that-cause-an-implicit-commit/
_MYSQL = frozenset(
    [
        "ALTER",
        "ANALYZE",
        "CACHE",
        "CHECK",
        "CREATE",
        "DROP",
        "FLUSH",
        "GRANT",
        "INSTALL",
        "LOCK",
        "OPTIMIZE",
        "RENAME",
        "REPAIR",
        "RESET",
        "REVOKE",
        "TRUNCATE",
        "UNINSTALL",
        "UNLOCK",
    ]
)


def _words(sql: str) -> tuple[str, str, str]:
    match = _FIRST_WORDS.match(sql)
    first, second, third = match.groups() if match else ("", "", "")
    return (first or "").upper(), (second or "").upper(), (third or "").upper()


@lru_cache(maxsize=2048)
def ends_transaction(sql: str) -> bool:
    """Whether a statement ends the transaction on every database: by the words of transaction control."""
    first, second, third = _words(sql)
    if first == "ROLLBACK":
        return second != "TO" and third != "TO"
    if first in {"START", "PREPARE"}:
        return second == "TRANSACTION"
    return first in _ALWAYS


@lru_cache(maxsize=2048)
def only_reads(sql: str) -> bool:
    """Whether a statement is one that cannot write, by its first word."""
    return _words(sql)[0] in {"SELECT", "VALUES", "EXPLAIN", "PRAGMA"}


@lru_cache(maxsize=2048)
def defines(sql: str) -> bool:
    """Whether a statement defines or empties something of the database, by its first word."""
    return _words(sql)[0] in {"ALTER", "CLUSTER", "CREATE", "DROP", "REINDEX", "TRUNCATE"}


@lru_cache(maxsize=2048)
def leaves_rows(sql: str) -> bool:
    """Whether a statement cannot write a row: it reads, sets, locks, or opens and closes a savepoint."""
    return only_reads(sql) or _words(sql)[0] in {"LOCK", "RELEASE", "ROLLBACK", "SAVEPOINT", "SET", "SHOW"}


@lru_cache(maxsize=2048)
def concerns_commit(sql: str) -> bool:
    """Whether the commit of a statement in autocommit does anything: it checks what was written, and takes back which
    constraints wait.
    """
    return not leaves_rows(sql) or _words(sql)[:2] == ("SET", "CONSTRAINTS")


_KEYS_OFF = re.compile(r"\s*PRAGMA\s+(?:\w+\.)?foreign_keys\s*[=(]\s*['\"]?(?:0|off|no|false)\b", re.IGNORECASE)


@lru_cache(maxsize=2048)
def turns_keys_off(sql: str) -> bool:
    """Whether a statement tells SQLite to check no foreign keys."""
    return _KEYS_OFF.match(sql) is not None


_SETS_PRAGMA = re.compile(r"\s*(PRAGMA\s+[\w.\"]+?)\s*[=(]", re.IGNORECASE)


def question_of_pragma(sql: str) -> str | None:
    """The statement that asks for what a pragma sets; None for any other statement."""
    match = _SETS_PRAGMA.match(sql)
    return match[1] if match is not None else None


@lru_cache(maxsize=2048)
def begins_in_sqlite(sql: str) -> bool:
    """Whether sqlite3 opens a transaction before a statement while autocommit is off, or SQLite with it."""
    return _words(sql)[0] in {"INSERT", "UPDATE", "DELETE", "REPLACE", "SAVEPOINT"}


def script_parts(script: str) -> list[str]:
    """The statements of a script for SQLite, each with its semicolon. Raises ValueError as sqlite3 does for null
    characters, and leaves an incomplete last statement to the database's own error.
    """
    if "\0" in script:
        raise ValueError("embedded null character")
    parts, begun = [], ""
    for piece in re.findall(r"[^;]*;|[^;]+$", script):
        begun += piece
        if complete_statement(begun):
            parts.append(begun)
            begun = ""
    return [part for part in (*parts, begun) if _words(part)[0]]


def control_word(sql: str) -> str:
    """BEGIN, COMMIT or ROLLBACK for a statement that would begin or end a transaction; empty for any other."""
    if not ends_transaction(sql):
        return ""
    return {"END": "COMMIT", "START": "BEGIN", "ABORT": "ROLLBACK"}.get(_words(sql)[0], _words(sql)[0])


@lru_cache(maxsize=2048)
def commits_implicitly(sql: str) -> bool:
    """Whether MariaDB and MySQL commit before they run a statement, such as one that defines a permanent table."""
    first, second, third = _words(sql)
    if first in {"CREATE", "DROP"} and "TEMPORARY" in (second, third):
        return False
    if first == "CREATE" and second == "OR":
        return "TEMPORARY" not in sql.upper().split(maxsplit=4)[:4]
    return first in _MYSQL


def text_of(sql: Any, connection: Any) -> str:
    """The text of a statement that is no string, such as psycopg's composed SQL or bytes."""
    as_string = getattr(sql, "as_string", None)
    if as_string is None:
        return sql.decode(errors="replace") if isinstance(sql, bytes) else str(sql)
    try:
        return str(as_string(connection.connection))
    except Exception:  # noqa: BLE001 - the drivers have errors of their own; a report does with less
        return repr(sql)
