"""One measurement: a named check of a catalogue entry, and what went wrong in it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, order=True)
class Cell:
    """A check of an entry. Together with an environment it has one verdict."""

    entry: str
    check: str

    @classmethod
    def parse(cls, text: str) -> Cell:
        """Read the text form `entry:check`. Raises `ValueError` for anything else."""
        entry, separator, check = text.partition(":")
        if not (entry and separator and check):
            raise ValueError(f"{text!r} is not a cell: write ENTRY:CHECK, for example queryset.acount:result")
        return cls(entry, check)

    def __str__(self) -> str:
        return f"{self.entry}:{self.check}"


@dataclass(frozen=True)
class Table:
    """Some rows of a model: its columns, and each row's values as Python."""

    model: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def as_dict(self) -> dict[str, Any]:
        """As a result file has it."""
        return {"model": self.model, "columns": list(self.columns), "rows": [list(row) for row in self.rows]}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Table:
        """Back from `as_dict`."""
        return cls(data["model"], tuple(data["columns"]), tuple(tuple(row) for row in data["rows"]))


@dataclass(frozen=True)
class Shown:
    """One example in the reader's terms: Python that can be pasted, the rows, and what both sides sent.

    `source` is the code that the entry is about, where that is not Django's own: a workaround's.
    `code` is the synchronous side and the asynchronous one, or one text where there is no synchronous side; `sql` the
    statements of each, `threads` the thread of each asynchronous statement. `hops` counts hand-overs to a thread.
    """

    code: tuple[str, ...] = ()
    rows: tuple[Table, ...] = ()
    sql: tuple[tuple[str, ...], ...] = ()
    threads: tuple[str, ...] = ()
    hops: int = 0
    source: str = ""

    def as_dict(self) -> dict[str, Any]:
        """As a result file has it."""
        return {
            "code": list(self.code),
            "rows": [table.as_dict() for table in self.rows],
            "sql": [list(side) for side in self.sql],
            "threads": list(self.threads),
            "hops": self.hops,
            "source": self.source,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Shown:
        """Back from `as_dict`."""
        sql = tuple(tuple(side) for side in data["sql"])
        tables = tuple(map(Table.from_dict, data["rows"]))
        return cls(tuple(data["code"]), tables, sql, tuple(data["threads"]), data["hops"], data["source"])


@dataclass(frozen=True)
class Failure:
    """What was expected, what was seen instead, and how to see it again.

    `difference` has a line for each thing that differs: `- ` is expected, `+ ` is observed. `expected` and `observed`
    are its two halves. `example` is Python that can be pasted; `rows` is what the database held before.
    """

    message: str
    expected: str = ""
    observed: str = ""
    difference: str = ""
    example: str = ""
    rows: tuple[Table, ...] = ()
    sql: tuple[str, ...] = ()
    twin_sql: tuple[str, ...] = ()
    server: str = ""
    stack: str = ""
    reproduce: str = ""
    script: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a result file has them."""
        texts = {**asdict(self), "sql": list(self.sql), "twin_sql": list(self.twin_sql)}
        return {**texts, "rows": [table.as_dict() for table in self.rows]}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Failure:
        """Back from `as_dict`. Raises `TypeError` for an unknown field."""
        lists = {name: tuple(data.get(name, ())) for name in ("sql", "twin_sql")}
        return cls(**{**data, **lists, "rows": tuple(map(Table.from_dict, data.get("rows", ())))})


@dataclass(frozen=True)
class Measured:
    """The outcome of a cell, as it stands in a result file.

    `day` is when it was measured, as `2026-11-20` and in UTC; empty where nobody noted it. `reused` says that an
    earlier run measured it, and that the run whose results these are took it over.
    """

    cell: Cell
    verdict: str
    attempt: int = 1
    examples: int = 0
    reason: str = ""
    evidence: dict[str, Any] = field(default_factory=dict)
    failure: Failure | None = None
    # An ordinary example of the entry; it stands with one of its checks.
    shown: Shown | None = None
    duration_ms: float = 0.0
    day: str = ""
    reused: bool = False
