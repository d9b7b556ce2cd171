"""One cell: generate examples, let the check judge them, and turn what it found into a verdict."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from conformance.case import Cell, Failure, Measured, Shown
from conformance.catalogue import Check
from conformance.checks import Absent, CheckCode, Disagreement, Evidence, Refused, Stage, check_code
from conformance.worker.explore import explore
from conformance.worker.telling import broken_suite, code_of_example, example_text, failure_of, spoken_of, tables_of

# Attempts of a cell that did not pass, all with one seed: if they differ, the cell is flaky.
ATTEMPTS_AFTER_FAILURE = 2


def measure(cell: Cell, check: Check, stage: Stage, *, examples: int, seed_value: int) -> list[Measured]:
    """Every attempt of the cell: one if it passes or is refused, one more if it fails.

    Never raises for what the code under test does; an error of the suite itself is a `harness_error`.
    """
    attempts = [_attempt(cell, check, stage, 1, examples, seed_value)]
    while attempts[-1].verdict in ("silent", "fail") and len(attempts) < ATTEMPTS_AFTER_FAILURE:
        attempts.append(_attempt(cell, check, stage, len(attempts) + 1, examples, seed_value))
    # Attempts that agree are one finding.
    return attempts if len({attempt.verdict for attempt in attempts}) > 1 else attempts[:1]


def _attempt(cell: Cell, check: Check, stage: Stage, number: int, examples: int, seed_value: int) -> Measured:
    stage.evidence = Evidence()
    started = time.perf_counter()
    verdict, reason, failure, shown = "harness_error", "", None, None
    try:
        exploration = _Exploration(check_code(cell), stage)
        verdict, reason, failure = exploration.run(examples, seed_value)
        shown = exploration.shown()
    except Exception as error:  # noqa: BLE001 - whatever it is, the other cells go on
        failure = broken_suite(error)
    missing = stage.evidence.missing(check.must_observe)
    if verdict == "pass" and missing:
        verdict, reason = "vacuous", f"nothing was seen of: {', '.join(missing)}"
    return Measured(
        cell=cell,
        verdict=verdict,
        attempt=number,
        examples=stage.evidence.examples,
        reason=reason,
        evidence=stage.evidence.as_dict(),
        failure=failure,
        shown=shown,
        duration_ms=(time.perf_counter() - started) * 1000,
    )


class _Exploration:
    """One Hypothesis run over a check's examples."""

    def __init__(self, code: CheckCode, stage: Stage) -> None:
        self._code = code
        self._stage = stage
        self._absent: Absent | None = None
        self._refused: Refused | None = None
        # For each verdict the example that failed last: Hypothesis ends on the smallest.
        self._found: dict[str, tuple[Disagreement, Any]] = {}
        # The first example, kept in a list because it may be anything.
        self._first: list[Any] = []

    def shown(self) -> Shown | None:
        """The first example, where an example can be printed as code."""
        if self._code.source is None or not self._first:
            return None
        code = code_of_example(self._code.source, self._first[0])
        return Shown(code=code, rows=tables_of(getattr(self._first[0], "rows", None), "\n".join(code)))

    def run(self, examples: int, seed_value: int) -> tuple[str, str, Failure | None]:
        """The verdict, its reason, and the failure that explains it."""
        try:
            self._explore(examples, seed_value)
        except BaseException as error:  # Hypothesis wraps several failures into one exception group
            if not self._found or isinstance(error, (KeyboardInterrupt, SystemExit)):
                raise
        if self._found:
            verdict = "silent" if "silent" in self._found else "fail"
            return verdict, self._found[verdict][0].message, _failure(self._code, *self._found[verdict])
        if self._absent is not None:
            return "absent", str(self._absent), None
        if self._refused is not None:
            return "loud", str(self._refused), None
        return "pass", "", None

    def _explore(self, examples: int, seed_value: int) -> None:
        explore(self._code.examples, self._judge, examples, seed_value, shrink=self._code.shrink)

    def _judge(self, example: Any) -> None:
        if self._absent is not None:
            return
        self._stage.evidence.examples += 1
        self._first = self._first or [example]
        try:
            self._code.judge(self._stage, example)
        except Absent as absent:
            self._absent = absent
            self._stage.evidence.examples = 0
        except Refused as refused:
            self._stage.evidence.refusals += 1
            self._refused = refused
        except Disagreement as disagreement:
            self._found[disagreement.verdict] = (disagreement, example)
            raise


def _failure(code: CheckCode, found: Disagreement, example: Any) -> Failure:
    told = code_of_example(code.source, example)
    failure = failure_of(found.message, found.expected, found.observed)
    return replace(
        failure,
        example=example_text(told),
        rows=tables_of(getattr(example, "rows", None), spoken_of(told, failure)),
        sql=found.sql,
    )
