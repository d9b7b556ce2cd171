"""What results say of the rules that are there: which to drop, to narrow, or to look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from conformance.case import Cell
from conformance.catalogue import Catalogue
from conformance.expectations import Expectation, Expectations, Quarantine, Rule
from conformance.gate.cells import is_good
from conformance.gate.suggest import examples_of
from conformance.results import Results, merge_results

Covered = tuple[Results, Cell]
# These say neither that a rule is still true nor that it no longer is.
_NO_ANSWER = frozenset({"n/a", "unknown", "blocked", "setup_error", "harness_error"})


@dataclass(frozen=True)
class Edit:
    """What to do with one rule: `drop` it, keep only these `checks`, add these `examples`, or nothing but `say` it.

    `why` is one sentence.
    """

    rule: Rule
    action: str
    why: str
    checks: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


def outdated(results: Sequence[Results], catalogue: Catalogue, known: Expectations, today: date) -> tuple[Edit, ...]:
    """An edit for each rule that is no longer true, or has no example yet; in the order of the file."""
    merged = merge_results(results)
    return tuple(edit for rule in known for edit in _edits(rule, merged, catalogue, today))


def _edits(rule: Rule, results: Sequence[Results], catalogue: Catalogue, today: date) -> Iterator[Edit]:
    if rule.is_expired(today):
        yield Edit(rule, "say", f"it expired on {rule.expires}: look at {rule.issue} again, then delete or renew it")
    covered = [(part, cell) for part in results for cell in part.planned if rule.covers(cell, part.environment)]
    if not any(rule.names(cell) for cell in catalogue.cells()):
        yield Edit(rule, "drop", "it matches nothing in the catalogue")
    elif not covered:
        yield Edit(rule, "say", "these results have none of its cells: it stays as it is")
    elif isinstance(rule, Quarantine):
        yield from _quarantine(rule, covered)
    elif isinstance(rule, Expectation):
        yield from _expectation(rule, covered, catalogue)


def _quarantine(rule: Rule, covered: Sequence[Covered]) -> Iterator[Edit]:
    attempts = [part.attempts(cell) for part, cell in covered]
    hung = any(measured.verdict == "timeout" for each in attempts for measured in each)
    if all(attempts) and not hung:
        yield Edit(rule, "drop", "no cell of it hung")


def _expectation(rule: Expectation, covered: Sequence[Covered], catalogue: Catalogue) -> Iterator[Edit]:
    told = [item for item in covered if item[0].verdict(item[1]).name not in _NO_ANSWER]
    good = [_conforms(part, cell, catalogue) for part, cell in told]
    right = {cell.check for (_, cell), conforms in zip(told, good, strict=True) if conforms}
    wrong = {cell.check for (_, cell), conforms in zip(told, good, strict=True) if not conforms}
    if right and not wrong:
        yield Edit(rule, "drop", f"{_listed(told)} now {'conforms' if len(told) == 1 else 'conform'}")
        return
    if right - wrong:
        yield _narrowed(rule, sorted(right - wrong), catalogue)
    if mixed := sorted(right & wrong):
        yield Edit(rule, "say", f"{', '.join(mixed)} conforms in some of its environments: narrow its `when`")
    failing = (item for item, conforms in zip(told, good, strict=True) if not conforms)
    if not rule.examples and (examples := examples_of(failing)):
        yield Edit(rule, "pin", "it had no example", examples=examples)


def _conforms(part: Results, cell: Cell, catalogue: Catalogue) -> bool:
    return is_good(part.verdict(cell), catalogue.entry(cell.entry), part.environment)


def _narrowed(rule: Expectation, right: Sequence[str], catalogue: Catalogue) -> Edit:
    what = f"{', '.join(right)} now {'conforms' if len(right) == 1 else 'conform'}"
    if not rule.checks and "*" in rule.match:
        return Edit(rule, "say", f"{what}, and it names every check of several entries: narrow it")
    names = rule.checks or tuple(check.name for check in catalogue.entry(rule.match).checks)
    return Edit(rule, "narrow", what, checks=tuple(name for name in names if name not in right))


def _listed(covered: Sequence[Covered]) -> str:
    cells = list(dict.fromkeys(str(cell) for _, cell in covered))
    return ", ".join(cells) if len(cells) < 4 else f"all {len(cells)} of its cells"
