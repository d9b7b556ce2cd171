"""How a long measurement comes along: a bar with the time left on a terminal, a line a column elsewhere."""

from __future__ import annotations

import threading
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from conformance.case import Cell, Measured
from conformance.cli.folder import MatrixFolder
from conformance.cli.time_left import TimeLeft, in_words
from conformance.environment import Environment
from conformance.matrix import Column
from conformance.runner import MatrixPlan, Outcome
from conformance.runner.environments import Recipe

_SECONDS_BETWEEN_LINES = 30.0


class MatrixProgress:
    """A listener to the matrix: tells people how it comes along, and the folder, so that its plan is up to date."""

    def __init__(self, console: Console, plan: MatrixPlan, folder: MatrixFolder) -> None:
        self._console = console
        self._folder = folder
        self._columns = plan.columns
        self._cells = len(plan.cells)
        kinds = {column: column.database.vendor for column in plan.columns}
        self._time_left = TimeLeft(kinds, plan.cells, plan.lanes)
        self._lock = threading.Lock()
        self._started: dict[Column, float] = {}
        self._seen: set[tuple[Column, Cell]] = set()
        self._ended = 0
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("cells", total=len(self._columns) * self._cells, left="")
        self._said = time.monotonic()

    def __enter__(self) -> MatrixProgress:
        self._progress.start()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()

    def building(self, recipe: Recipe) -> None:
        """Say that an environment is being prepared."""
        self._say(f"{recipe.name}: preparing its environment")

    def planned(self, column: Column, environment: Environment, done: int, total: int) -> None:
        """Count what is measured already, and say that a column has begun."""
        self._folder.begun(column, environment)
        with self._lock:
            self._started[column] = time.monotonic()
            self._time_left.began(column, done, time.monotonic())
        self._progress.advance(self._task, done)
        kept = f", {done} of {total} cells kept from before" if done else ""
        self._say(f"{column.title}: measuring ({environment.id}{kept})")

    def kept(self, column: Column, inputs: str) -> Environment | None:
        """Ask the folder."""
        return self._folder.kept(column, inputs)

    def measured(self, column: Column, measured: Measured) -> None:
        """Count a cell, once however many attempts it takes."""
        with self._lock:
            first = (column, measured.cell) not in self._seen
            self._seen.add((column, measured.cell))
            if first:
                self._time_left.measured(column, measured.cell, time.monotonic())
        if first:
            self._progress.advance(self._task)
            self._tell()

    def ended(self, column: Column, outcome: Outcome) -> None:
        """Say how a column ended, and how much time the others may take."""
        self._folder.ended(column, outcome)
        with self._lock:
            self._ended += 1
            ended = self._ended
            self._time_left.ended(column)
            if outcome.environment is None or outcome.reused:
                # Nothing of it will come: the time left is that of the others.
                self._progress.update(self._task, total=(self._progress.tasks[0].total or 0) - self._cells)
            seconds = time.monotonic() - self._started.get(column, time.monotonic())
        how = "reused, nothing has changed" if outcome.reused else f"done in {seconds:.0f} s"
        how = "not measured, see below" if outcome.problem else how
        left = "" if self._console.is_terminal else self._left()
        self._say(f"{column.title}: {how} ({ended} of {len(self._columns)} columns{left})")

    def _tell(self) -> None:
        """The time left: in the bar, or now and then in a line where there is none."""
        left, task = self._left(), self._progress.tasks[0]
        if self._console.is_terminal:
            self._progress.update(self._task, left=left.removeprefix(", "))
        elif left and time.monotonic() - self._said >= _SECONDS_BETWEEN_LINES:
            self._said = time.monotonic()
            self._say(f"{task.completed:.0f} of {task.total:.0f} cells{left}")

    def _left(self) -> str:
        with self._lock:
            left = self._time_left.seconds(time.monotonic())
        return f", about {in_words(left)} left" if left else ""

    def _say(self, text: str) -> None:
        self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)
