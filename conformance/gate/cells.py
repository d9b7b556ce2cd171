"""Judge one cell in one environment: is its verdict good, excused, or a finding?"""

from __future__ import annotations

from dataclasses import dataclass, replace

from conformance.case import NEVER_EXCUSED, Cell, ExitCode, Verdict
from conformance.catalogue import CatalogueEntry
from conformance.environment import Environment
from conformance.expectations import Expectation, Flaky, Quarantine, Rule
from conformance.findings import load_findings
from conformance.gate.model import Finding, Kind
from conformance.results import Results

_NEVER_EXCUSED_CODES = {
    "timeout": ExitCode.REGRESSION,
    "crash": ExitCode.REGRESSION,
    "setup_error": ExitCode.HARNESS,
    "harness_error": ExitCode.HARNESS,
}


def is_good(verdict: Verdict, entry: CatalogueEntry, environment: Environment) -> bool:
    """Whether the verdict is what the documentation of that Django promises."""
    if verdict.name == "loud":
        return entry.documented == "refuses"
    if verdict.name == "absent":
        return not entry.is_documented_in(environment.django_series)
    return verdict.name in ("pass", "n/a")


@dataclass(frozen=True)
class CellJudge:
    """One cell in one environment, and the rules that cover it."""

    results: Results
    cell: Cell
    entry: CatalogueEntry
    rules: tuple[Rule, ...]

    def finding(self) -> Finding:
        """What there is to say. With the code `CONFORMS` and without a message: nothing."""
        verdict = self.results.verdict(self.cell)
        if verdict.name == "unknown":
            return self._say(ExitCode.INCOMPLETE, "was planned but has no result: run again, it measures only the rest")
        if error := self._never_excused():
            return error
        if not self.entry.gates_by(self.cell.check):
            return self._observed(verdict)
        if verdict.name == "blocked":
            return self._note(Kind.BLOCKED, "is blocked: ", "an entry that it depends on did not pass")
        excusing = [rule for rule in self.rules if not isinstance(rule, Quarantine)]
        if len(excusing) > 1:
            places = " and ".join(rule.place for rule in excusing)
            return self._say(ExitCode.BAD_INPUT, f"is covered by two rules, {places}: keep one of them")
        return self._ruled(verdict, excusing[0]) if excusing else self._unruled(verdict)

    def _observed(self, verdict: Verdict) -> Finding:
        """What is measured and never gates: a bad verdict is listed."""
        if is_good(verdict, self.entry, self.results.environment):
            return self._say(ExitCode.CONFORMS)
        why = f"{self.entry.why_not_gating(self.cell.check)}: {self._said()}"
        return self._note(Kind.OBSERVED, f"is {verdict}, and does not gate, because ", why, self._shown())

    def _never_excused(self) -> Finding | None:
        """The worst attempt that hung, crashed or could not be made, even where others went well."""
        names = {measured.verdict for measured in self.results.attempts(self.cell)} & NEVER_EXCUSED
        if not names:
            return None
        quarantine = next((rule for rule in self.rules if isinstance(rule, Quarantine)), None)
        if quarantine is not None and names == {"timeout"}:
            why = f"in quarantine until {quarantine.expires} ({quarantine.issue})"
            return self._note(Kind.EXCUSED, "is ", why)
        name = min(names, key=lambda name: Verdict(name).rank)
        code = (
            ExitCode.HARNESS
            if any(_NEVER_EXCUSED_CODES[name] is ExitCode.HARNESS for name in names)
            else (ExitCode.REGRESSION)
        )
        return self._say(code, f"ended as {name}, which no expectation excuses: {self._reason()}")

    def _ruled(self, verdict: Verdict, rule: Rule) -> Finding:
        if isinstance(rule, Flaky):
            return self._registered_flake(verdict, rule)
        assert isinstance(rule, Expectation)
        if verdict.name == "n/a":
            return self._say(ExitCode.CONFORMS)
        if is_good(verdict, self.entry, self.results.environment):
            return self._say(
                ExitCode.STALE_EXPECTATION, f"conforms ({verdict}) and {rule.outcome} was expected: delete {rule.place}"
            )
        if verdict.name == rule.outcome:
            return self._note(Kind.EXCUSED, f"is {verdict} ", f"as expected ({rule.classified}, {rule.issue})")
        if verdict.name == "flaky":
            return self._flake(verdict)
        return self._say(
            ExitCode.REGRESSION,
            f"is {verdict}, and {rule.place} expects {rule.outcome}: fix it, or change the outcome there",
        )

    def _registered_flake(self, verdict: Verdict, rule: Flaky) -> Finding:
        if is_good(verdict, self.entry, self.results.environment):
            return self._say(ExitCode.CONFORMS)
        share = verdict.passed / verdict.attempts if verdict.attempts else 0.0
        if share >= rule.min_pass:
            return self._note(Kind.EXCUSED, f"is {verdict} ", f"as registered ({rule.issue})")
        return self._say(
            ExitCode.REGRESSION,
            f"is {verdict}, and {rule.place} wants a share of {rule.min_pass:g} to pass: {self._reason()}",
        )

    def _unruled(self, verdict: Verdict) -> Finding:
        if is_good(verdict, self.entry, self.results.environment):
            return self._say(ExitCode.CONFORMS)
        if verdict.name == "flaky":
            return self._flake(verdict)
        finding = load_findings().explaining(str(self.cell), verdict.name, self.results.environment)
        if finding is not None:
            why = f"it is {finding.package} that is wrong: {finding.claim}"
            return self._note(Kind.DJANGO, f"is {verdict}, and ", why)
        if not self.entry.is_documented_in(series := self.results.environment.django_series):
            why = f"the documentation of Django {series} does not promise it"
            return self._note(Kind.OBSERVED, f"is {verdict}, and does not gate, because ", f"{why}: {self._said()}")
        return self._say(ExitCode.REGRESSION, f"is {verdict}: {self._reason()}")

    def _flake(self, verdict: Verdict) -> Finding:
        return self._say(
            ExitCode.FLAKE,
            f"is {verdict}, different between attempts with the seed {self.results.seed}: fix it, or register it in"
            " [[flaky]] with its issue",
        )

    def _reason(self) -> str:
        """What the measurement says, and what to do."""
        return self._said() + self._shown()

    def _said(self) -> str:
        measured = self.results.last(self.cell)
        said = (measured.failure.message if measured.failure else measured.reason) if measured else ""
        return (" ".join(said.split()) or "no reason was recorded").rstrip(".")

    def _shown(self) -> str:
        return f"; `async-orm-conformance show {self.cell.entry}` says what it checks"

    def _note(self, kind: Kind, before: str, why: str, after: str = "") -> Finding:
        """What does not gate: `why` is true of other cells too."""
        why = why.rstrip(".")
        return replace(self._say(ExitCode.CONFORMS, f"{before}{why}{after}"), kind=kind, why=why)

    def _say(self, code: ExitCode, what: str = "") -> Finding:
        message = f"{self.cell} {what}." if what else ""
        verdict = str(self.results.verdict(self.cell))
        measured = self.results.last(self.cell)
        failure = measured.failure if measured and what else None
        return Finding(code, message, self.results.environment, self.cell, verdict, failure)
