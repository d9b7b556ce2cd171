"""Judge results against the catalogue and the expectations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date

from conformance.case import ExitCode, SuiteError
from conformance.catalogue import Catalogue
from conformance.expectations import Expectations
from conformance.gate.cells import CellJudge
from conformance.gate.model import Finding, GateResult
from conformance.gate.rules import judge_rules
from conformance.results import Results, merge_results


def judge(results: Sequence[Results], catalogue: Catalogue, expectations: Expectations, today: date) -> GateResult:
    """Whether the results conform. Several results of one environment are merged first.

    Entries of the level `observe` and of a stage other than `required` never gate, unless they hang, crash, could not
    be made or are missing. Raises `SuiteError` (bad input) for results of another catalogue, or of several.
    """
    _check_catalogue(results, catalogue)
    merged = merge_results(results)
    cells = [finding for part in merged for finding in _judge_cells(part, catalogue, expectations)]
    incomplete = [finding for part in merged for finding in _judge_plan(part)] if merged else [_no_results()]
    findings = [finding for finding in cells if finding.code is not ExitCode.CONFORMS]
    return GateResult(
        findings=(*incomplete, *findings, *judge_rules(merged, catalogue, expectations, today)),
        notes=tuple(finding for finding in cells if finding.code is ExitCode.CONFORMS and finding.message),
        counts=dict(Counter(finding.verdict.partition(" ")[0] for finding in cells)),
        planned=len(cells),
    )


def _check_catalogue(results: Sequence[Results], catalogue: Catalogue) -> None:
    for part in results:
        if part.catalogue != catalogue.hash:
            raise SuiteError(
                f"{part.source} was measured with another catalogue "
                f"({part.catalogue[:12]}, and this one is {catalogue.hash[:12]}).",
                f"Measure again with this version of the suite, or judge with the version that measured: {part.suite}.",
                ExitCode.BAD_INPUT,
            )
        for cell in part.planned:
            try:
                catalogue.check(cell)
            except SuiteError as error:
                raise SuiteError(
                    f"{part.source} plans {cell}, which the catalogue does not have.",
                    "The file was changed after it was written: measure again.",
                    ExitCode.BAD_INPUT,
                ) from error


def _judge_cells(results: Results, catalogue: Catalogue, expectations: Expectations) -> Iterator[Finding]:
    # In the catalogue's order, whatever the file has: parts that were merged are sorted by name.
    places = {cell: place for place, cell in enumerate(catalogue.cells())}
    for cell in sorted(results.planned, key=lambda cell: places.get(cell, len(places))):
        rules = tuple(rule for rule in expectations if rule.covers(cell, results.environment))
        yield CellJudge(results, cell, catalogue.entry(cell.entry), rules).finding()


def _judge_plan(results: Results) -> Iterator[Finding]:
    total, left = len(results.planned), len(results.missing)
    if not total:
        message = f"{results.source} plans no cell: nothing was selected, or the run was interrupted before its plan"
    elif not results.complete:
        message = f"{results.source} is partial, {total - left} of {total} cells arrived: run again, it goes on there"
    else:
        return
    yield Finding(ExitCode.INCOMPLETE, f"{message}.", results.environment)


def _no_results() -> Finding:
    return Finding(ExitCode.INCOMPLETE, "There are no results to judge: measure first with `run` or `matrix`.")
