"""Expectations as plain data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from conformance.case import Cell, matches
from conformance.environment import Environment
from conformance.expectations.when import When

EVERYWHERE = When()


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Cells in environments, and why they are known not to conform.

    `match` is an entry's id with `*` for whole segments; no `checks` means all of them. `place` says where the rule
    stands in its file, for messages. After the day `expires`, the rule is an error.
    """

    match: str
    reason: str
    issue: str
    place: str
    checks: tuple[str, ...] = ()
    when: When = EVERYWHERE
    expires: date | None = None

    def covers(self, cell: Cell, environment: Environment) -> bool:
        """Whether the rule is about this cell in this environment."""
        return self.names(cell) and self.when.holds_in(environment)

    def names(self, cell: Cell) -> bool:
        """Whether the rule is about this cell in some environment."""
        return matches(self.match, cell.entry) and (not self.checks or cell.check in self.checks)

    def is_expired(self, today: date) -> bool:
        """Whether `expires` is over. On that day itself it is not."""
        return self.expires is not None and today > self.expires


@dataclass(frozen=True, kw_only=True)
class Expectation(Rule):
    """Every cell of the rule has exactly the verdict `outcome`.

    `classified` is the `class` of the file: unsupported, bug, wontfix or todo. `examples` are pinned counterexamples.
    """

    outcome: str
    classified: str
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Flaky(Rule):
    """The cells may differ between attempts, as long as the share `min_pass` of the attempts passes."""

    min_pass: float


@dataclass(frozen=True, kw_only=True)
class Quarantine(Rule):
    """The cells may hang (`timeout`) until the rule expires, which must be soon."""


@dataclass(frozen=True)
class Expectations:
    """The rules of one file, in its order."""

    expect: tuple[Expectation, ...] = ()
    flaky: tuple[Flaky, ...] = ()
    quarantine: tuple[Quarantine, ...] = ()

    def __iter__(self) -> Iterator[Rule]:
        yield from self.expect
        yield from self.flaky
        yield from self.quarantine
