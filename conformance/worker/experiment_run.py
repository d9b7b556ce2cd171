"""One entry: each example is run once for all its judges; what a judge disagrees with is then made small."""

from __future__ import annotations

import gc
import time
from dataclasses import replace
from typing import Any

import django

from conformance.case import Cell, Failure, Measured, Shown
from conformance.catalogue import CatalogueEntry, Check
from conformance.checks import Absent, Evidence, Experiment
from conformance.checks.experiments import Conditions, Turns
from conformance.checks.instruments.garbage import collect_garbage
from conformance.checks.witness import Witness
from conformance.judges import PANEL, Ruling, refusal
from conformance.observations import Pair
from conformance.worker.explore import explore
from conformance.worker.script import SHOWN, script_of
from conformance.worker.telling import (
    Ordinary,
    broken_suite,
    code_of_example,
    example_text,
    failure_of,
    spoken_of,
    tables_of,
)

Example = tuple[Any, Conditions]


# So many times the examples are drawn where what has to be seen was not among them.
_MORE = 3
# The same for every example: nothing is to be made small.
_ABOUT_DECLARATIONS = ("signature", "declaration")


class _Disagrees(AssertionError):
    """Tells Hypothesis that the example is one that is looked for."""


class ExperimentRun:
    """The examples of one entry, run when the first verdict is asked for."""

    def __init__(
        self, entry: CatalogueEntry, experiment: Experiment, witness: Witness, examples: int, seed: int
    ) -> None:
        self._entry = entry
        self._experiment = experiment
        self._witness = witness
        self._stage = witness.stage
        self._examples = examples
        self._seed = seed
        self._judges = tuple(check.name for check in entry.checks if check.name in PANEL)
        self._evidence: Evidence | None = None
        self._broken: Failure | None = None
        self._forget()
        # What is shown of it stands with the check that is measured first.
        self._told = False

    def _forget(self) -> None:
        self._turns = Turns()
        self._absent = ""
        self._refused = ""
        # For each judge that disagrees, the worst that it said first.
        self._found: dict[str, Ruling] = {}
        # How many examples came before that one, and of each example whether its call was cancelled.
        self._before: dict[str, int] = {}
        self._cancelled: list[bool] = []
        self._ordinary = Ordinary()

    def measure(self, check: Check) -> list[Measured]:
        """The attempts of one judge: one if it agrees, and two if a second run of the same examples differs."""
        started = time.perf_counter()
        if self._evidence is None:
            self._explore()
        attempts = [self._measured(check, 1, *self._verdict(check))]
        ruling = self._found.get(check.name)
        final = self._broken is not None or self._absent or check.name in _ABOUT_DECLARATIONS
        if ruling is not None and not final:
            attempts = self._again(check, ruling)
        elapsed = (time.perf_counter() - started) * 1000
        attempts = [replace(measured, duration_ms=elapsed) for measured in attempts]
        return [replace(attempts[0], shown=self._shown()), *attempts[1:]]

    def _shown(self) -> Shown | None:
        if self._told or self._broken is not None:
            return None
        self._told = True
        return self._ordinary.shown(lambda example: code_of_example(self._experiment.source, example))

    def _again(self, check: Check, ruling: Ruling) -> list[Measured]:
        """A second run of the same examples: it makes the disagreement small, or does not show it again."""
        before = self._before.get(check.name, 0)
        shrunk = self._shrink(check.name, ruling.verdict, before)
        if shrunk is None and before and self._broken is None:
            # It may need what the examples before it have left.
            shrunk = self._shrink(check.name, ruling.verdict, 0)
        if shrunk is not None:
            return [self._measured(check, 1, ruling.verdict, shrunk.message, shrunk)]
        first = self._measured(check, 1, *self._verdict(check))
        return [first] if self._broken is not None else [first, self._measured(check, 2, "pass", "", None)]

    def _explore(self) -> None:
        try:
            # An entry before this one may have closed what stays open, and left to the collector what warns then.
            collect_garbage()
            # What is alive now is left out of every later collection: that of a process with Django takes long.
            gc.freeze()
            self._witness.warm_up()
            self._look_at_examples()
            if self._lacks_evidence():
                self._examples *= _MORE
                self._forget()
                self._look_at_examples()
        except Exception as error:  # noqa: BLE001 - whatever it is, the other entries go on
            self._broken = broken_suite(error)

    def _look_at_examples(self) -> None:
        self._evidence = self._stage.evidence = Evidence()
        explore(self._experiment.examples, self._look, self._examples, self._seed, shrink=False)

    def _lacks_evidence(self) -> bool:
        """Whether a verdict would be `vacuous`, for the want of examples perhaps."""
        return any(self._verdict(check)[0] == "vacuous" for check in self._entry.checks if check.name in PANEL)

    def _look(self, drawn: Any) -> None:
        """Let every judge look at one example."""
        example = self._turns.next(self._experiment, drawn)
        pair = self._pair(example)
        self._cancelled.append(pair is not None and pair.cancelled is not None)
        self._turns.cancelled(self._cancelled[-1])
        if pair is None:
            return
        self._ordinary.consider(example[0], pair)
        for name in self._judges:
            ruling = PANEL[name](pair)
            known = self._found.get(name)
            if ruling is not None and (known is None or (ruling.silent and not known.silent)):
                self._found[name] = ruling
                self._before[name] = len(self._cancelled) - 1

    def _pair(self, example: Example) -> Pair | None:
        """None where there is nothing to judge: the operation is absent, or refuses."""
        if self._absent:
            return None
        evidence = self._stage.evidence
        evidence.examples += 1
        try:
            pair = self._witness.pair(self._experiment, *example)
        except Absent as absent:
            self._absent = str(absent)
            evidence.examples = 0
            return None
        if refused := refusal(pair):
            evidence.refusals += 1
            self._refused = refused
            return None
        return pair

    def _verdict(self, check: Check) -> tuple[str, str, Failure | None]:
        assert self._evidence is not None
        if self._broken is not None:
            return "harness_error", "", self._broken
        if self._absent:
            return "absent", self._absent, None
        if (ruling := self._found.get(check.name)) is not None:
            return ruling.verdict, ruling.message, self._failure(ruling, None)
        if self._refused:
            return "loud", self._refused, None
        if missing := self._evidence.missing(check.must_observe):
            return "vacuous", f"nothing was seen of: {', '.join(missing)}", None
        return "pass", "", None

    def _shrink(self, judge: str, verdict: str, before: int) -> Failure | None:
        """The smallest example with which the judge says the same; None if it does not say it again.

        Of the first examples, so many are not run: the judge did not say it of them.
        """
        smallest: list[Failure] = []
        known = iter(self._cancelled[:before])
        turns = Turns()
        self._stage.evidence = Evidence()

        def look(drawn: Any) -> None:
            example = turns.next(self._experiment, drawn)
            if (cancelled := next(known, None)) is not None:
                turns.cancelled(cancelled)
                return
            pair = self._pair(example)
            turns.cancelled(pair is not None and pair.cancelled is not None)
            if pair is None:
                return
            ruling = PANEL[judge](pair)
            if ruling is not None and ruling.verdict == verdict:
                turns.keep()
                script = self._script(judge, ruling, example[0])
                smallest[:] = [replace(self._failure(ruling, (example, pair)), script=script)]
                raise _Disagrees

        try:
            explore(self._experiment.examples, look, self._examples, self._seed, shrink=True, kinds=False)
        except _Disagrees:
            return smallest[0]
        except Exception as error:  # noqa: BLE001 - Hypothesis says so where an example does not fail a second time
            if not smallest:
                # It is the suite that failed, which is no second run that passed.
                self._broken = broken_suite(error)
                return None
            return smallest[0]
        return None

    def _failure(self, ruling: Ruling, shown: tuple[Example, Pair] | None) -> Failure:
        failure = failure_of(ruling.message, ruling.expected, ruling.observed)
        if shown is None:
            return failure
        (drawn, _), pair = shown
        code = code_of_example(self._experiment.source, drawn)
        return replace(
            failure,
            example=example_text(code),
            rows=tables_of(drawn.rows, spoken_of(code, failure)),
            sql=tuple(pair.asynchronous.sql),
            twin_sql=tuple(pair.sync.sql),
        )

    def _script(self, judge: str, ruling: Ruling, drawn: Any) -> str:
        """Empty where such a program would not show what is wrong, or where the code is none that runs by itself."""
        title = f"{self._entry.id}, Django {django.get_version()}: {ruling.message}"
        if self._experiment.program is not None and judge in (*SHOWN, "model"):
            return self._experiment.program(title, drawn)
        generic = self._entry.judged is not None and self._entry.judged.operation is not None
        # What raises although the model has an answer shows by itself.
        shown = judge in SHOWN or (judge == "model" and not ruling.silent)
        if self._experiment.source is None or not generic or not shown:
            return ""
        sources = self._experiment.source(drawn)
        return script_of(title, sources, drawn.rows, statements=judge == "statements")

    def _measured(self, check: Check, attempt: int, verdict: str, reason: str, failure: Failure | None) -> Measured:
        assert self._evidence is not None
        return Measured(
            cell=Cell(self._entry.id, check.name),
            verdict=verdict,
            attempt=attempt,
            examples=self._evidence.examples,
            reason=reason,
            evidence=self._evidence.as_dict(),
            failure=failure,
        )
