"""A statement's shape: its kind, its tables, and its text without literals.

By compiled regular expressions over the text, remembered by text: `benchmarks/recording.py` compares that with
sqlparse, which takes many times as long for a text that was not seen before and leaves lists of values as they are.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pytest_async_orm.records import Kind

_TOKENS = re.compile(
    r"""
      (?P<comment>--[^\n]*|/\*.*?\*/)
    | (?P<dollar>\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
    | (?P<string>[EBXNebxn]?'(?:[^'\\]|''|\\.)*')
    | (?P<name>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[A-Za-z_][\w ]*\])
    | (?P<placeholder>%s|%\(\w+\)s|\$\d+|:\w+(?<!::)|\?)
    | (?P<number>(?<![\w"`])[-+]?(?:0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\b)
    | (?P<cast>::\w+)
    | (?P<space>\s+)
    """,
    re.VERBOSE | re.DOTALL,
)
_LIST = re.compile(r"\(\s*\?(?:\s*,\s*\?)+\s*\)")
_IN_ONE = re.compile(r"(?i)\bIN \(\?\)")
_ROWS = re.compile(r"(\((?:[^()]|\([^()]*\))*\))(?:\s*,\s*\1)+")
_SAVEPOINT = re.compile(r"(?i)\b(SAVEPOINT)\s+(?:\"[^\"]*\"|`[^`]*`|\w+)")
_CURSOR = re.compile(r"(?i)\bDECLARE\s+(?:\"[^\"]*\"|\w+)\s+")
_VALUES = re.compile(r"(?i)\bVALUES\s*(\(.*)$", re.DOTALL)
_TABLE = re.compile(
    r"(?i)\b(?:FROM|JOIN|INTO|UPDATE|TABLE)\s+(?:ONLY\s+)?((?:\"[^\"]+\"|`[^`]+`|\w+)(?:\.(?:\"[^\"]+\"|`[^`]+`|\w+))*)"
)
_WORD = re.compile(r"[A-Za-z]+")
_WRITES_INSIDE = re.compile(r"(?i)\)\s*(?:INSERT|UPDATE|DELETE|MERGE|REPLACE)\b|\(\s*(?:INSERT|UPDATE|DELETE|MERGE)\b")
# `FROM` that names no table.
_PARTS = re.compile(r"(?i)\b(?:EXTRACT|TRIM|SUBSTRING|OVERLAY)\s*\([^()]*?\bFROM\b")
_NO_TABLES = frozenset({"select", "set", "lateral", "unnest", "generate_series", "skip", "nowait", "of"})

_READS = frozenset({"SELECT", "VALUES", "SHOW", "EXPLAIN", "PRAGMA", "DESCRIBE", "DESC", "TABLE", "DECLARE", "FETCH"})
_WRITES = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE", "TRUNCATE", "COPY", "LOAD"})
_CONTROL = frozenset({"BEGIN", "COMMIT", "ROLLBACK", "START", "END", "ABORT", "PREPARE"})


def _simplified(match: re.Match[str]) -> str:
    kind = match.lastgroup
    if kind in {"string", "placeholder", "number", "dollar", "tag"}:
        return "?"
    return " " if kind in {"space", "comment"} else match.group()


def without_literals(sql: str) -> str:
    """The statement with `?` for each literal and placeholder, every list as long as it was."""
    return " ".join(_TOKENS.sub(_simplified, sql).split())


@lru_cache(maxsize=8192)
def fingerprint(sql: str) -> str:
    """The statement with `?` for each literal and placeholder, and `(?, ...)` for each list of them."""
    text = _IN_ONE.sub("IN (?, ...)", _LIST.sub("(?, ...)", without_literals(sql)))
    text = _SAVEPOINT.sub(r"\1 ?", text)
    text = _CURSOR.sub("DECLARE ? ", text)
    if _VALUES.search(text):
        text = _ROWS.sub(r"\1", text)
    return text


@lru_cache(maxsize=8192)
def kind_of(sql: str) -> Kind:
    """Whether a statement reads, writes or controls a transaction or a savepoint, by its first word; else `other`."""
    text = _without_comments(sql)
    match = _WORD.search(text)
    first = match.group().upper() if match else ""
    if first == "WITH":
        return "write" if _WRITES_INSIDE.search(text) else "read"
    if first in {"SAVEPOINT", "RELEASE"} or (first == "ROLLBACK" and " TO " in f"{text.upper()} "):
        return "savepoint"
    if first in _READS:
        return "read"
    if first in _WRITES:
        return "write"
    return "transaction" if first in _CONTROL else "other"


def _without_comments(sql: str) -> str:
    return re.sub(r"(?s)\A(?:\s|--[^\n]*\n|/\*.*?\*/|\()+", "", sql)


@lru_cache(maxsize=8192)
def tables_of(shape: str) -> frozenset[str]:
    """The tables that a fingerprint names, without schema and quotes."""
    names = {match.rpartition(".")[2].strip('"`') for match in _TABLE.findall(_PARTS.sub("", shape))}
    return frozenset(name for name in names if name.lower() not in _NO_TABLES)
