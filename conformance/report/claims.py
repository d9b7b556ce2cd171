"""The source text's claims, each beside what was measured."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from conformance.case import Verdict, worst
from conformance.case.verdict import SEVERITY
from conformance.catalogue import Catalogue, Claim
from conformance.report.columns import CheckResult, ReportColumn

HOLDS = "holds"
FAILS = "does not hold"
UNKNOWN = "unknown"
SIGNS = {HOLDS: "✓", FAILS: "✗", UNKNOWN: "?"}

# These speak of the suite or of what is missing, not of Django: they neither confirm nor refute a sentence.
_SAYS_NOTHING = frozenset({"unknown", "blocked", "vacuous", "n/a", "setup_error", "harness_error"})
# The order of the source text: what works, what does not, models, workarounds, the whole.
_LETTERS = "ONMWG"


@dataclass(frozen=True)
class ClaimResult:
    """A claim in one environment. `verdict` and `answer` are None where none of its checks was selected.

    `whole` says whether all of them were; `decisive` is the check that has the worst verdict.
    """

    column: ReportColumn
    verdict: Verdict | None
    answer: str | None
    decisive: CheckResult | None
    whole: bool


@dataclass(frozen=True)
class ClaimRow:
    """A claim over all environments, in the order of the columns."""

    claim: Claim
    results: tuple[ClaimResult, ...]

    @property
    def tally(self) -> tuple[tuple[str, int], ...]:
        """How many environments give each answer that occurs."""
        found = Counter(result.answer for result in self.results)
        return tuple((answer, found[answer]) for answer in (HOLDS, FAILS, UNKNOWN) if found[answer])

    @property
    def of(self) -> int:
        """In how many environments the claim was selected."""
        return sum(result.answer is not None for result in self.results)

    @property
    def entries(self) -> tuple[str, ...]:
        """The entries that measure the claim."""
        return tuple(dict.fromkeys(measurement.entry for measurement in self.claim.measured_by))


def claim_rows(catalogue: Catalogue, columns: Sequence[ReportColumn]) -> tuple[ClaimRow, ...]:
    """Every claim in the order of the source text."""
    return tuple(
        ClaimRow(claim, tuple(_result(catalogue, claim, column) for column in columns))
        for claim in sorted(catalogue.claims, key=_order)
    )


def _result(catalogue: Catalogue, claim: Claim, column: ReportColumn) -> ClaimResult:
    cells = tuple(catalogue.cells_of(claim))
    checks = [column.checks[cell] for cell in cells if cell in column.checks]
    if not checks:
        return ClaimResult(column, None, None, None, whole=False)
    verdict = worst(check.verdict for check in checks)
    whole = len(checks) == len(cells)
    decisive = min(checks, key=lambda check: check.verdict.rank)
    return ClaimResult(column, verdict, _answer(claim, verdict, whole=whole), decisive, whole)


def _answer(claim: Claim, verdict: Verdict, *, whole: bool) -> str:
    # A check that was not selected can only make the worst verdict worse: perhaps one that is predicted.
    if not whole and any(SEVERITY.index(name) <= verdict.rank for name in claim.predicts):
        return UNKNOWN
    if verdict.name in claim.predicts:
        return HOLDS
    return UNKNOWN if verdict.name in _SAYS_NOTHING else FAILS


def _order(claim: Claim) -> tuple[int, int, str]:
    letter, number, part = re.match(r"(\D*)(\d*)(.*)", claim.id, re.DOTALL).groups()  # type: ignore[union-attr]
    return (_LETTERS.find(letter) % (len(_LETTERS) + 1), int(number or 0), part)
