"""What the gate found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from conformance.case import PRECEDENCE, Cell, ExitCode, Failure, combine
from conformance.environment import Environment

# Each exit code in words.
WORDS = {
    ExitCode.CONFORMS: "conforms",
    ExitCode.REGRESSION: "regression",
    ExitCode.STALE_EXPECTATION: "stale or unmatched expectation",
    ExitCode.INCOMPLETE: "incomplete",
    ExitCode.HARNESS: "setup or harness error",
    ExitCode.FLAKE: "unregistered flake",
    ExitCode.USAGE: "usage",
    ExitCode.BAD_INPUT: "invalid input",
}


class Kind(IntEnum):
    """Why a cell does not gate, what concerns the reader most first."""

    DJANGO = 0
    """Django itself is wrong, and a finding says so."""
    EXCUSED = 1
    """A rule of the expectations is about it."""
    BLOCKED = 2
    """What it depends on did not pass."""
    OBSERVED = 3
    """It is only observed, whatever comes out."""


@dataclass(frozen=True)
class Finding:
    """One thing to fix, or, with the code `CONFORMS`, one thing to know.

    `message` is one sentence with the remedy. A finding about a rule has neither environment nor cell. `failure` is
    what went wrong, where a cell has it. What does not gate has a `kind`, and in `why` what may be said of many cells
    at once.
    """

    code: ExitCode
    message: str
    environment: Environment | None = None
    cell: Cell | None = None
    verdict: str = ""
    failure: Failure | None = None
    kind: Kind = Kind.OBSERVED
    why: str = ""


@dataclass(frozen=True)
class GateResult:
    """Everything that the gate has to say of some results.

    `notes` are the cells that are listed without gating: blocked, or excused by an expectation. `counts` are the
    verdicts by name over `planned` cells.
    """

    findings: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    counts: dict[str, int]
    planned: int

    @property
    def code(self) -> ExitCode:
        """The one exit code that stands for all findings."""
        return combine(finding.code for finding in self.findings)

    @property
    def codes(self) -> tuple[ExitCode, ...]:
        """Every code that applies, the weightiest first; `CONFORMS` alone if there is no finding."""
        found = {finding.code for finding in self.findings} or {ExitCode.CONFORMS}
        return tuple(sorted(found, key=PRECEDENCE.index))
