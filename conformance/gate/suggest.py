"""What an expectations file would have to say for the gate to be green, with its reasons still to be given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from conformance.case import Cell, ExitCode
from conformance.catalogue import Catalogue
from conformance.environment import Environment
from conformance.expectations import Expectations, Quarantine
from conformance.gate.conditions import condition_for
from conformance.gate.judge import judge
from conformance.gate.model import Finding
from conformance.gate.rules import LONGEST_QUARANTINE
from conformance.results import Results, merge_results

TODO = "todo"
_KINDS = {"timeout": "quarantine", "flaky": "flaky"}
_MOST_EXAMPLES = 2
_LONGEST_EXAMPLE = 2000


@dataclass(frozen=True)
class Suggestion:
    """A rule: its `kind` is `expect`, `flaky` or `quarantine`, its `fields` are as the file has them."""

    kind: str
    fields: dict[str, Any]


@dataclass(frozen=True)
class Suggestions:
    """The rules, and the findings that no rule can excuse."""

    rules: tuple[Suggestion, ...]
    inexcusable: tuple[Finding, ...]


def suggest(results: Sequence[Results], catalogue: Catalogue, known: Expectations, today: date) -> Suggestions:
    """One rule for the checks of an entry that are wrong in the same way in the same environments.

    What a rule of `known` is about already is left to it. Raises `SuiteError` as `judge` does.
    """
    merged = merge_results(results)
    findings = judge(merged, catalogue, known, today).findings
    excusable = [finding for finding in findings if _excusable(finding, known)]
    hopeless = [finding for finding in findings if finding.code in _OTHERS or _crashed(finding)]
    rules = tuple(_rules(excusable, merged, catalogue, today))
    return Suggestions(rules, tuple(hopeless))


_OTHERS = (ExitCode.HARNESS, ExitCode.INCOMPLETE, ExitCode.BAD_INPUT)


def examples_of(cells: Iterable[tuple[Results, Cell]]) -> tuple[str, ...]:
    """The smallest examples that failed, each once: a pinned example is what a reader looks at first."""
    found = (results.last(cell) for results, cell in cells)
    texts = (each.failure.example for each in found if each is not None and each.failure is not None)
    fitting = (text for text in texts if text and len(text) <= _LONGEST_EXAMPLE)
    return tuple(dict.fromkeys(fitting))[:_MOST_EXAMPLES]


def _excusable(finding: Finding, known: Expectations) -> bool:
    if finding.cell is None or finding.environment is None or finding.code not in (ExitCode.REGRESSION, ExitCode.FLAKE):
        return False
    covered = any(rule.covers(finding.cell, finding.environment) and not isinstance(rule, Quarantine) for rule in known)
    return not covered and not _crashed(finding)


def _crashed(finding: Finding) -> bool:
    return "ended as crash" in finding.message


@dataclass(frozen=True)
class _Group:
    """Checks of one entry with one verdict."""

    entry: str
    verdict: str
    environments: tuple[Environment, ...]
    checks: tuple[str, ...]


def _rules(
    findings: Sequence[Finding], results: Sequence[Results], catalogue: Catalogue, today: date
) -> Iterator[Suggestion]:
    for group in _groups(findings, results):
        planned = [part.environment for part in results if _plans(part, group)]
        others = [environment for environment in planned if environment not in group.environments]
        condition = condition_for(group.environments, others)
        if condition is not None:
            yield _suggestion(group, condition, results, catalogue, today)
            continue
        for environment in group.environments:  # nothing short tells them apart: one rule for each
            alone = _Group(group.entry, group.verdict, (environment,), group.checks)
            rest = [other for other in planned if other != environment]
            yield _suggestion(alone, condition_for([environment], rest) or {}, results, catalogue, today)


def _groups(findings: Sequence[Finding], results: Sequence[Results]) -> Iterator[_Group]:
    parts = {part.environment: part for part in results}
    places: dict[tuple[Cell, str], list[Environment]] = {}
    for finding in findings:
        assert finding.cell is not None
        assert finding.environment is not None
        name = _name(parts[finding.environment], finding.cell)
        places.setdefault((finding.cell, name), []).append(finding.environment)
    groups: dict[tuple[str, str, tuple[Environment, ...]], list[str]] = {}
    for (cell, verdict), environments in places.items():
        groups.setdefault((cell.entry, verdict, tuple(environments)), []).append(cell.check)
    return (_Group(*key, tuple(checks)) for key, checks in groups.items())


def _name(part: Results, cell: Cell) -> str:
    """One attempt that hung is enough: no expectation excuses it."""
    hung = any(measured.verdict == "timeout" for measured in part.attempts(cell))
    return "timeout" if hung else part.verdict(cell).name


def _plans(part: Results, group: _Group) -> bool:
    return any(Cell(group.entry, check) in part.planned_cells for check in group.checks)


def _suggestion(
    group: _Group, condition: dict[str, Any], results: Sequence[Results], catalogue: Catalogue, today: date
) -> Suggestion:
    kind = _KINDS.get(group.verdict, "expect")
    cells = [
        (part, Cell(group.entry, check))
        for part in results
        if part.environment in group.environments
        for check in group.checks
    ]
    fields: dict[str, Any] = {"match": group.entry}
    if {check.name for check in catalogue.entry(group.entry).checks} != set(group.checks):
        fields["checks"] = list(group.checks)
    if condition:
        fields["when"] = condition
    if kind == "expect":
        fields |= {"outcome": group.verdict, "class": TODO}
    if kind == "flaky":
        fields["min_pass"] = _share(cells)
    fields |= {"reason": f"{TODO}: say why. Measured: {_measured(cells)}", "issue": TODO}
    if kind == "expect" and (examples := examples_of(cells)):
        fields["examples"] = list(examples)
    if kind == "quarantine":
        fields["expires"] = today + LONGEST_QUARANTINE
    return Suggestion(kind, fields)


def _share(cells: Iterable[tuple[Results, Cell]]) -> float:
    verdicts = [part.verdict(cell) for part, cell in cells]
    share = min((each.passed / each.attempts for each in verdicts if each.attempts), default=0.5)
    return max(int(share * 100) / 100, 0.01)


def _measured(cells: Iterable[tuple[Results, Cell]]) -> str:
    found = (part.last(cell) for part, cell in cells)
    said = ((each.failure.message if each.failure else each.reason) for each in found if each is not None)
    return next((" ".join(text.split()) for text in said if text), "no reason was recorded")
