"""How long a matrix still takes. No clock of its own: whoever asks says what time it is, in seconds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from conformance.case import Cell

# How much of a new estimate is shown at once: of one that is ten times as long, twice as long.
_WEIGHT = 0.3
# Seconds between two estimates.
_PAUSE = 2.0
# Entries that must have been measured before anything is said.
_ENOUGH = 10


class TimeLeft:
    """What every cell costs is learned from the columns in which it was measured, and how much more on which database.

    `kinds` says for each column what it is measured on. Every column measures the cells in their order, `lanes` columns
    at a time.
    """

    def __init__(self, kinds: Mapping[Any, str], cells: Sequence[Cell], lanes: int) -> None:
        self._kinds = kinds
        self._order = {cell: place for place, cell in enumerate(cells)}
        # Numbers, not cells: an estimate looks at all of them, and hashing a cell costs more than the rest of it.
        self._entry_of = [cell.entry for cell in cells]
        self._entries = set(self._entry_of)
        self._lanes = max(1, min(lanes, len(kinds)))
        # For each column how many cells it has behind it, and since when it is at the next one.
        self._behind: dict[Any, int] = dict.fromkeys(kinds, 0)
        self._since: dict[Any, float] = {}
        # For each cell, and for each kind and cell: how often it was measured, and in how many seconds.
        self._costs: dict[int, tuple[int, float]] = defaultdict(lambda: (0, 0.0))
        self._by_kind: dict[str, dict[int, tuple[int, float]]] = defaultdict(lambda: defaultdict(lambda: (0, 0.0)))
        self._known: set[str] = set()
        self._shown: tuple[float, float] | None = None

    def began(self, column: Any, kept: int, now: float) -> None:
        """The column begins; the first `kept` cells were measured by an earlier run."""
        self._behind[column], self._since[column] = kept, now

    def measured(self, column: Any, cell: Cell, now: float) -> None:
        """The cell is done."""
        seconds = now - self._since.get(column, now)
        self._since[column] = now
        self._known.add(cell.entry)
        place = self._order[cell]
        self._behind[column] = max(self._behind[column], place + 1)
        for costs in (self._costs, self._by_kind[self._kinds[column]]):
            times, total = costs[place]
            costs[place] = times + 1, total + seconds

    def ended(self, column: Any) -> None:
        """Nothing more comes of the column."""
        self._behind[column] = len(self._order)

    def seconds(self, now: float) -> float | None:
        """What to show; None while nothing is known. It moves towards a new estimate, and never jumps to it."""
        if all(behind == len(self._order) for behind in self._behind.values()):
            return 0.0
        if len(self._known) < min(_ENOUGH, len(self._entries)):
            return None
        if self._shown is None:
            self._shown = now, self._estimate()
        since, shown = self._shown
        if now - since >= _PAUSE:
            expected = max(shown - (now - since), 1.0)
            self._shown = now, expected ** (1 - _WEIGHT) * max(self._estimate(), 1.0) ** _WEIGHT
        since, shown = self._shown
        return max(shown - (now - since), 1.0)

    def _estimate(self) -> float:
        """The columns share the lanes, and the longest takes its time whatever the others do."""
        costs = self._all_costs()
        # From each place on, to the end.
        rest = [*accumulate(reversed(costs), initial=0.0)][::-1]
        factors = {kind: self._factor(kind, costs) for kind in set(self._kinds.values())}
        left = [rest[behind] * factors[self._kinds[column]] for column, behind in self._behind.items()]
        return max(sum(left) / self._lanes, *left)

    def _all_costs(self) -> list[float]:
        """What each cell costs. An entry that nobody has measured yet costs what entries usually do, at its first."""
        known = {place: total / times for place, (times, total) in self._costs.items()}
        entries = set(self._known)
        usual = sum(known.values()) / len(entries)
        costs = []
        for place, entry in enumerate(self._entry_of):
            costs.append(known.get(place, 0.0 if entry in entries else usual))
            entries.add(entry)
        return costs

    def _factor(self, kind: str, costs: Sequence[float]) -> float:
        """How much longer than in the mean its cells take on a database."""
        measured = self._by_kind.get(kind, {})
        expected = sum(times * costs[place] for place, (times, _) in measured.items())
        return sum(total for _, total in measured.values()) / expected if expected else 1.0


def in_words(seconds: float) -> str:
    """As exactly as it is known: `40 s`, `3 min`, `1 h 20 min`."""
    if seconds < 60:
        return f"{max(round(seconds, -1 if seconds >= 20 else 0), 1):.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
