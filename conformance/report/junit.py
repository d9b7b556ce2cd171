"""Results as JUnit's XML, which CI systems show: a test suite an environment, a test case a cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from xml.etree import ElementTree as ET

from conformance.case import Cell, ExitCode
from conformance.environment import Environment
from conformance.gate import Finding, GateResult
from conformance.report.clean import clean
from conformance.report.columns import AXES
from conformance.results import Results, merge_results

# What says that nothing is known of the code under test, and no more.
_ERRORS = (ExitCode.HARNESS, ExitCode.INCOMPLETE)
_NAME = "async-orm-conformance"


def render_junit(results: Sequence[Results], judged: GateResult) -> str:
    """The document, ending in a newline.

    What the gate finds is a failure, or an error where nothing is known of the code under test; what does not gate is
    skipped, with the reason. Findings about expectations are a suite of their own.
    """
    said = {(item.environment, item.cell): item for item in (*judged.notes, *judged.findings) if item.cell is not None}
    suites = [_suite(part, said) for part in merge_results(results)]
    if rules := [finding for finding in judged.findings if finding.environment is None]:
        suites.append(_rules(rules))
    root = ET.Element("testsuites", {"name": _NAME, **_totals(suites)})
    root.extend(suites)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite(part: Results, said: Mapping[tuple[Environment | None, Cell], Finding]) -> ET.Element:
    cases = [_case(part, cell, said.get((part.environment, cell))) for cell in part.planned]
    suite = ET.Element("testsuite", {"name": clean(str(part.environment)), **_counts(cases)})
    properties = ET.SubElement(suite, "properties")
    for name, _, value in AXES:
        ET.SubElement(properties, "property", {"name": name, "value": clean(value(part.environment))})
    suite.extend(cases)
    return suite


def _case(part: Results, cell: Cell, finding: Finding | None) -> ET.Element:
    seconds = sum(measured.duration_ms for measured in part.attempts(cell)) / 1000
    case = ET.Element("testcase", {"classname": cell.entry, "name": cell.check, "time": f"{seconds:.3f}"})
    verdict = str(part.verdict(cell))
    if finding is not None:
        outcome = ET.SubElement(case, _kind(finding), {"message": clean(finding.message)})
        if outcome.tag != "skipped":
            outcome.set("type", verdict)
            outcome.text = "\n".join(_details(part, cell))
    elif verdict in ("n/a", "absent"):
        last = part.last(cell)
        ET.SubElement(case, "skipped", {"message": clean(f"{verdict}: {last.reason if last else ''}".rstrip(": "))})
    return case


def _kind(finding: Finding) -> str:
    if finding.code is ExitCode.CONFORMS:
        return "skipped"
    return "error" if finding.code in _ERRORS else "failure"


def _details(part: Results, cell: Cell) -> Iterator[str]:
    measured = part.last(cell)
    failure = measured.failure if measured else None
    if failure is None:
        return
    for title, text in (
        ("expected", failure.expected),
        ("observed", failure.observed),
        ("example", failure.example),
        ("again", failure.reproduce),
        ("stack", failure.stack),
    ):
        if text:
            yield f"{title}: {clean(text)}"


def _rules(findings: Sequence[Finding]) -> ET.Element:
    cases = []
    for number, finding in enumerate(findings, start=1):
        case = ET.Element("testcase", {"classname": "expectations", "name": str(number), "time": "0.000"})
        ET.SubElement(case, _kind(finding), {"message": clean(finding.message), "type": finding.code.name.lower()})
        cases.append(case)
    suite = ET.Element("testsuite", {"name": "expectations", **_counts(cases)})
    suite.extend(cases)
    return suite


def _counts(cases: Sequence[ET.Element]) -> dict[str, str]:
    counts = {
        f"{name}s" if name != "skipped" else name: sum(case.find(name) is not None for case in cases)
        for name in ("failure", "error", "skipped")
    }
    seconds = sum(float(case.get("time", "0")) for case in cases)
    return {"tests": str(len(cases)), **{name: str(count) for name, count in counts.items()}, "time": f"{seconds:.3f}"}


def _totals(suites: Sequence[ET.Element]) -> dict[str, str]:
    names = ("tests", "failures", "errors", "skipped")
    totals = {name: str(sum(int(suite.get(name, "0")) for suite in suites)) for name in names}
    return {**totals, "time": f"{sum(float(suite.get('time', '0')) for suite in suites):.3f}"}
