"""A session's queries in little room: every text once, and one list a column instead of one object a query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

FLAGS = {"in_transaction": 1, "unattributed": 2}
"""What is yes or no of a query, as bits of one number."""


class Table:
    """Values that repeat, each one once; a value is known by its number from then on."""

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}

    def number(self, value: Any) -> int:
        """The number of a value, which must be hashable; a new value gets the next one."""
        return self._numbers.setdefault(value, len(self._numbers))

    def values(self) -> list[Any]:
        """All values, each at the index that is its number."""
        return list(self._numbers)


class Packing:
    """The tables that all tests of a document share.

    A statement is `[sql, fingerprint, kind, alias, vendor, many]`, a stack has the call site in front,
    a lane is `[thread, task]`: all texts are numbers of `strings`, null stays null.
    """

    def __init__(self) -> None:
        self._strings, self._statements, self._stacks, self._lanes = Table(), Table(), Table(), Table()

    def tables(self) -> dict[str, list[Any]]:
        """The tables as lists, once every test is packed."""
        return {
            "strings": self._strings.values(),
            "statements": self._statements.values(),
            "stacks": self._stacks.values(),
            "lanes": self._lanes.values(),
        }

    def test(self, test: Mapping[str, Any]) -> dict[str, Any]:
        """One test's document with its queries as columns: durations and distances of starts in microseconds."""
        queries: Sequence[Mapping[str, Any]] = test["queries"]
        first = min((query["started_at"] for query in queries), default=0.0)
        durations = [round(1000 * query["duration_ms"]) for query in queries]
        packed = {key: value for key, value in test.items() if key != "queries"}
        packed["kept"] = len(queries)
        packed["started_at"] = first
        packed["us"] = sum(durations)
        packed["columns"] = self._columns(queries, first, durations)
        return packed

    def _columns(self, queries: Sequence[Mapping[str, Any]], first: float, durations: list[int]) -> dict[str, Any]:
        return {
            "statement": _column([self._statement(query) for query in queries]),
            "params": _column([self._text(query["params"]) for query in queries]),
            "stack": _column([self._stack(query) for query in queries]),
            "lane": _column([self._lane(query) for query in queries]),
            "start": _column(_steps([round(1e6 * (query["started_at"] - first)) for query in queries])),
            "duration": _column(durations),
            "rows": _column([query["rows"] for query in queries]),
            "error": _column([self._text(query["error"]) for query in queries]),
            "flags": _column([_flags(query) for query in queries]),
            "call": _column([query["call"] for query in queries]),
        }

    def _text(self, text: str | None) -> int | None:
        return None if text is None else self._strings.number(text)

    def _statement(self, query: Mapping[str, Any]) -> int:
        texts = (self._text(query[name]) for name in ("sql", "fingerprint", "kind", "alias", "vendor"))
        return self._statements.number((*texts, int(query["many"])))

    def _stack(self, query: Mapping[str, Any]) -> int:
        return self._stacks.number(tuple(self._text(line) for line in (query["call_site"], *query["stack"])))

    def _lane(self, query: Mapping[str, Any]) -> int:
        return self._lanes.number((self._text(query["thread_name"]), self._text(query["task_name"])))


def _flags(query: Mapping[str, Any]) -> int:
    in_transaction = FLAGS["in_transaction"] if query["in_transaction"] else 0
    return in_transaction + (0 if query["attributed"] else FLAGS["unattributed"])


def _steps(values: Sequence[int]) -> list[int]:
    """Each value as its distance from the one before: fewer digits."""
    return [value - before for before, value in zip([0, *values], values, strict=False)]


def _column(values: list[Any]) -> Any:
    """One value for all, if they are equal."""
    return values[0] if values and values.count(values[0]) == len(values) else values
