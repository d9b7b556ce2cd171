"""Judge the rules themselves: expired, or about nothing. An expectation is strict both ways."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from conformance.case import Cell, ExitCode
from conformance.catalogue import Catalogue
from conformance.expectations import Expectations, Quarantine, Rule
from conformance.gate.model import Finding
from conformance.results import Results

# A hang that is tolerated for longer than this is a bug that nobody fixes.
LONGEST_QUARANTINE = timedelta(days=30)


def judge_rules(
    results: Sequence[Results], catalogue: Catalogue, expectations: Expectations, today: date
) -> Iterator[Finding]:
    """The findings about rules, in the order of their file."""
    for rule in expectations:
        yield from judge_time(rule, today)
        if problem := _mismatch(rule, results, catalogue):
            yield _stale(f"{rule.place} {problem}")


def judge_time(rule: Rule, today: date) -> Iterator[Finding]:
    """Whether the rule is over, or is to last for longer than it may."""
    if rule.is_expired(today):
        yield _stale(f"{rule.place} expired on {rule.expires}: look at {rule.issue} again, then delete or renew it")
    elif isinstance(rule, Quarantine) and rule.expires is not None and rule.expires - today > LONGEST_QUARANTINE:
        yield Finding(
            ExitCode.BAD_INPUT,
            f"{rule.place} expires on {rule.expires}, and a quarantine lasts {LONGEST_QUARANTINE.days} days at"
            " most: name a nearer day.",
        )


def _mismatch(rule: Rule, results: Sequence[Results], catalogue: Catalogue) -> str:
    """Why the rule does nothing; empty if it does something."""
    planned = [(part, cell) for part in results for cell in part.planned]
    covered = [(part, cell) for part, cell in planned if rule.covers(cell, part.environment)]
    if not covered:
        return _nothing_covered(rule, {cell for _, cell in planned}, catalogue)
    for name in rule.checks:
        if all(cell.check != name for _, cell in covered):
            return f"names the check {name!r}, which no planned cell has: delete the name or correct it"
    if isinstance(rule, Quarantine):
        return _needless_quarantine(covered)
    if not any(catalogue.entry(cell.entry).gates_by(cell.check) for _, cell in covered):
        return "covers only entries that never gate: delete it"
    if all(part.verdict(cell).name == "n/a" for part, cell in covered):
        return "covers only cells that are n/a: delete it, or narrow its `when`"
    return ""


def _nothing_covered(rule: Rule, planned: set[Cell], catalogue: Catalogue) -> str:
    if not any(rule.names(cell) for cell in catalogue.cells()):
        return "matches nothing in the catalogue: `async-orm-conformance list` prints every id"
    if not any(rule.names(cell) for cell in planned):
        return "matches no planned cell: give the gate the results of the whole run, or delete it"
    return f"matches no environment of these results ({rule.when}): give the gate all results, or correct its `when`"


def _needless_quarantine(covered: Sequence[tuple[Results, Cell]]) -> str:
    """Stale only when everything arrived and nothing hung."""
    for part, cell in covered:
        attempts = part.attempts(cell)
        if not attempts or any(measured.verdict == "timeout" for measured in attempts):
            return ""
    return "covers no cell that hung: delete it"


def _stale(message: str) -> Finding:
    return Finding(ExitCode.STALE_EXPECTATION, f"{message}.")
