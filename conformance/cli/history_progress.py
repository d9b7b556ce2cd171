"""How a search through releases comes along: a line a release, with what was found there and how many may be left."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from types import TracebackType

from rich.console import Console

from conformance.case import Measured
from conformance.environment import Environment
from conformance.matrix import Column
from conformance.runner import HistorySearch, Outcome
from conformance.runner.environments import Recipe


class HistoryProgress:
    """A listener to a search; writes beside the answer, which other programs may read."""

    def __init__(self, console: Console, search: HistorySearch) -> None:
        self._console = console
        self._search = search
        self._lock = threading.Lock()
        self._measured = self._left = 0

    def __enter__(self) -> HistoryProgress:
        kept = len({version for each in self._search.histories() for version in each.verdicts})
        self._say(f"{self._search.line.title}: {len(self._search.releases)} releases, {kept} measured before")
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._say(f"measured {self._measured} release{'' if self._measured == 1 else 's'}")

    def round(self, releases: Sequence[str], left: int) -> None:
        """Say what is measured next."""
        with self._lock:
            self._left = left
        self._say(f"measuring {', '.join(releases)}")

    def building(self, recipe: Recipe) -> None:
        """An environment that is kept is found at once: nothing to say."""

    def planned(self, column: Column, environment: Environment, done: int, total: int) -> None:
        """What comes is said when it has come."""

    def kept(self, column: Column, inputs: str) -> None:
        """What was measured before is not asked for again."""

    def measured(self, column: Column, measured: Measured) -> None:
        """A cell at a time would be too much."""

    def ended(self, column: Column, outcome: Outcome) -> None:
        """Say how far the search is."""
        with self._lock:
            self._measured += not outcome.problem
            self._left = max(self._left - 1, 0)
            left = f", about {self._left} left" if self._left else ""
        how = f"not measured: {' '.join(outcome.problem.split())}" if outcome.problem else "measured"
        self._say(f"{column.title}: {how}{left}")

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False)
