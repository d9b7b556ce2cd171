"""The time left of a matrix: near the truth, and without jumps."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator

import pytest

from conformance.case import Cell
from conformance.cli import time_left
from conformance.cli.time_left import TimeLeft, in_words

ENTRIES, CHECKS = 90, 3
SLOWNESS = {"sqlite": 1.0, "postgresql": 2.0, "mariadb": 3.0}
CELLS = tuple(Cell(f"entry{number}", f"check{check}") for number in range(ENTRIES) for check in range(CHECKS))
Moment = tuple[float, float, float | None]
"""When it was asked, what was still to come, what was shown."""


def costs(seed: int) -> dict[Cell, float]:
    """The first check of an entry runs all of it; entries differ by a factor of a hundred, and come in areas."""
    chance = random.Random(seed)
    areas = [chance.lognormvariate(0, 1) for _ in range(6)]
    return {
        cell: 0.002 if cell.check != "check0" else areas[number // CHECKS * 6 // ENTRIES] * chance.lognormvariate(-1, 1)
        for number, cell in enumerate(CELLS)
    }


def run(seed: int, lanes: int, kept: int = 0, shift: Callable[[float], float] = lambda now: 1.0) -> list[Moment]:
    """A matrix of nine columns on a clock of its own: what was shown at each cell, and the truth."""
    cost = costs(seed)
    kinds = {(series, kind): kind for series in "abc" for kind in SLOWNESS}
    left, queue, moments = TimeLeft(kinds, CELLS, lanes), list(kinds), []
    clocks: list[tuple[float, Iterator[tuple[object, Cell, float]]]] = []

    def column(of: tuple[str, str]) -> Iterator[tuple[object, Cell, float]]:
        return iter([(of, cell, cost[cell] * SLOWNESS[of[1]]) for cell in CELLS[kept:]])

    def begin(now: float) -> None:
        if queue:
            following = queue.pop(0)
            left.began(following, kept, now)
            clocks.append((now, column(following)))

    for _ in range(lanes):
        begin(0.0)
    pending = []
    while clocks or pending:
        for now, work in clocks:
            step = next(work, None)
            if step is not None:
                pending.append((now + step[2] * shift(now), step, work))
        clocks.clear()
        pending.sort(key=lambda item: item[0])
        now, (of, cell, _), work = pending.pop(0)
        left.measured(of, cell, now)
        moments.append((now, left.seconds(now)))
        if cell == CELLS[-1]:
            left.ended(of)
            begin(now)
        else:
            clocks.append((now, work))
    end = moments[-1][0]
    assert left.seconds(end) == 0
    return [(now, end - now, shown) for now, shown in moments]


def jumps(moments: list[Moment]) -> list[float]:
    """By what factor each shown time differs from the one before, less the time that has passed."""
    known = [(now, shown) for now, _, shown in moments if shown is not None]
    expected = [max(before - (now - at), 1.0) for (at, before), (now, _) in itertools.pairwise(known)]
    return [max(shown / was, was / shown) for (_, shown), was in zip(known[1:], expected, strict=True) if shown > 10]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("lanes", [1, 4])
def test_it_is_near_the_truth_once_a_column_has_ended(seed: int, lanes: int) -> None:
    """Within a factor of two, where the last seconds are left out."""
    moments = run(seed, lanes)
    later = [(truth, shown) for now, truth, shown in moments if now > moments[-1][0] / 3 and truth > 10]
    assert later
    assert all(shown is not None and 0.5 < shown / truth < 2 for truth, shown in later)


@pytest.mark.parametrize("seed", range(3))
def test_it_never_jumps(seed: int) -> None:
    """Not by half from one look to the next, though what is measured differs by a hundred."""
    assert max(jumps(run(seed, 2))) < 1.5


def test_without_smoothing_it_would_jump(monkeypatch: pytest.MonkeyPatch) -> None:
    """The defect that the test before looks for: what is estimated first is shown at once."""
    monkeypatch.setattr(time_left, "_WEIGHT", 1.0)
    monkeypatch.setattr(time_left, "_ENOUGH", 1)
    assert max(jumps(run(1, 2))) > 1.5


def test_a_machine_that_slows_down_is_followed() -> None:
    """Five times as slow from some moment on: within a factor of three a while later."""
    moments = run(1, 2, shift=lambda now: 5.0 if now > 100 else 1.0)
    later = [(truth, shown) for now, truth, shown in moments if now > moments[-1][0] * 0.7 and truth > 10]
    assert all(shown is not None and 1 / 3 < shown / truth < 3 for truth, shown in later)


def test_what_was_kept_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """With half of the cells measured before, it is the other half alone."""
    monkeypatch.setattr(time_left, "_ENOUGH", 1)
    cells = [Cell(f"entry{number}", "check") for number in range(20)]
    left = TimeLeft({"column": "sqlite"}, cells, 1)
    left.began("column", 10, 0.0)
    left.measured("column", cells[10], 7.0)
    assert left.seconds(7.0) == pytest.approx(9 * 7.0)


def test_nothing_is_said_before_anything_is_known() -> None:
    """No cell, no estimate."""
    assert TimeLeft({"a": "sqlite"}, CELLS, 1).seconds(0.0) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (7, "7 s"), (44, "40 s"), (59, "60 s"), (95, "2 min"), (3599, "1 h 0 min"), (4800, "1 h 20 min")],
)
def test_it_is_told_as_exactly_as_it_is_known(seconds: float, words: str) -> None:
    """Tens of seconds, then minutes."""
    assert in_words(seconds) == words
