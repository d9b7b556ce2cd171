"""What changed from one Django to the next: one comparison for each step that was measured."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from conformance.comparison import KINDS, Change, Comparison, compare
from conformance.report.aggregate import Report
from conformance.results import Results


@dataclass(frozen=True)
class Step:
    """From one release to another. `name` is that of its page."""

    before: str
    after: str
    comparison: Comparison

    @property
    def name(self) -> str:
        """`django-4.2.30-5.2.8`."""
        return f"django-{self.before}-{self.after}"

    @property
    def kinds(self) -> tuple[tuple[str, str, tuple[tuple[str, tuple[Change, ...]], ...]], ...]:
        """Each kind of change that occurs, with its heading and the changes by area."""
        counts = self.comparison.counts
        return tuple((kind, KINDS[kind], tuple(self.comparison.of(kind))) for kind in KINDS if counts.get(kind))


class Changes:
    """The steps between the releases of Django in a report, the newest first."""

    def __init__(self, report: Report) -> None:
        self._report = report

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """One for each two releases that follow each other in what was measured."""
        by_release: dict[str, list[Results]] = {}
        for column in self._report.columns:
            by_release.setdefault(column.environment.django, []).append(column.results)
        releases = sorted(by_release, key=_numbers)
        steps = (Step(old, new, self._compare(by_release[old], by_release[new])) for old, new in pairwise(releases))
        return tuple(reversed([step for step in steps if step.comparison.pairs]))

    def _compare(self, before: list[Results], after: list[Results]) -> Comparison:
        return compare(before, after, self._report.catalogue)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))
