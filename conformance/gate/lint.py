"""What is wrong with rules whatever was measured: about nothing, expired, never true, or two about one cell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import combinations

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from conformance.case import ExitCode, matches
from conformance.catalogue import Catalogue
from conformance.expectations import Expectation, Expectations, Quarantine, Rule
from conformance.gate.model import Finding
from conformance.gate.rules import judge_rules, judge_time
from conformance.gate.suggest import TODO
from conformance.results import Results

_VERSION = re.compile(r"\d+(?:\.\d+)*(?:(?:a|b|rc)\d+)?")


def lint(
    catalogue: Catalogue, known: Expectations, today: date, results: Sequence[Results] | None = None
) -> tuple[Finding, ...]:
    """Every problem of the rules, in the order of their file. With results also those that do nothing there."""
    found = [finding for rule in known for finding in _rule(rule, catalogue, today)]
    if results is not None:
        said = {finding.message for finding in found}
        about = judge_rules(results, catalogue, known, today)
        found.extend(finding for finding in about if finding.message not in said)
    return (*found, *_twice(known, catalogue))


def unfinished(known: Expectations) -> tuple[str, ...]:
    """The places of the rules that still say `todo` where a reason or an issue has to be."""
    return tuple(rule.place for rule in known if rule.issue == TODO or rule.reason.startswith(f"{TODO}:"))


def _rule(rule: Rule, catalogue: Catalogue, today: date) -> Iterator[Finding]:
    yield from judge_time(rule, today)
    cells = [cell for cell in catalogue.cells() if matches(rule.match, cell.entry)]
    if not cells:
        yield _stale(rule, "matches nothing in the catalogue: `async-orm-conformance list` prints every id")
    for name in rule.checks:
        if cells and all(cell.check != name for cell in cells):
            yield _stale(
                rule, f"names the check {name!r}, which none of its entries has: delete the name or correct it"
            )
    if (
        cells
        and not isinstance(rule, Quarantine)
        and not any(catalogue.entry(cell.entry).gates_by(cell.check) for cell in cells)
    ):
        yield _stale(rule, "covers only what never gates: delete it")
    for axis, specifier in rule.when.versions:
        if not _can_hold(specifier):
            yield _stale(rule, f"is never true: no version is {specifier}, which its `when` wants of {axis}")
    if isinstance(rule, Expectation) and rule.outcome == "loud" and _refuses(rule, catalogue):
        yield _stale(rule, "expects a refusal that the documentation promises: that conforms, delete it")


def _refuses(rule: Rule, catalogue: Catalogue) -> bool:
    entries = {cell.entry for cell in catalogue.cells() if rule.names(cell)}
    return bool(entries) and all(catalogue.entry(name).documented == "refuses" for name in entries)


def _can_hold(specifier: str) -> bool:
    """Whether a version fulfils it: one that it names, or one just below or above those."""
    named = [Version(text) for text in _VERSION.findall(specifier)]
    around = [text for version in named for text in _near(version)]
    wanted = SpecifierSet(specifier)
    return any(wanted.contains(text, prereleases=True) for text in around)


def _near(version: Version) -> Iterator[str]:
    """The version itself, the next one after it, and the last one before it."""
    yield str(version)
    *first, last = version.release
    yield ".".join(map(str, (*version.release, 1)))
    yield ".".join(map(str, (*first, last + 1)))
    *lower, number = [*first, last]
    while lower and not number:
        *lower, number = lower
    yield ".".join(map(str, (*lower, number - 1 if number else 0, 99999)))


def _twice(known: Expectations, catalogue: Catalogue) -> Iterator[Finding]:
    """Two rules of which the gate would say that it cannot tell which holds."""
    excusing = [rule for rule in known if not isinstance(rule, Quarantine)]
    for one, other in combinations(excusing, 2):
        if one.when == other.when and (
            cell := next((c for c in catalogue.cells() if one.names(c) and other.names(c)), None)
        ):
            yield Finding(ExitCode.BAD_INPUT, f"{one.place} and {other.place} are both about {cell}: keep one of them.")


def _stale(rule: Rule, what: str) -> Finding:
    return Finding(ExitCode.STALE_EXPECTATION, f"{rule.place} {what}.")
