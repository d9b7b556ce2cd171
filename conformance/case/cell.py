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
class Failure:
    """What was expected, what was seen instead, and how to see it again."""

    message: str
    expected: str = ""
    observed: str = ""
    example: str = ""
    sql: tuple[str, ...] = ()
    server: str = ""
    stack: str = ""
    reproduce: str = ""
    script: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a result file has them."""
        return {**asdict(self), "sql": list(self.sql)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Failure:
        """Back from `as_dict`. Raises `TypeError` for an unknown field."""
        return cls(**{**data, "sql": tuple(data.get("sql", ()))})


@dataclass(frozen=True)
class Measured:
    """The outcome of a cell, as it stands in a result file."""

    cell: Cell
    verdict: str
    attempt: int = 1
    examples: int = 0
    reason: str = ""
    evidence: dict[str, Any] = field(default_factory=dict)
    failure: Failure | None = None
    duration_ms: float = 0.0
