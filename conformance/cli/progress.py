"""How a long measurement comes along: a bar with the time left on a terminal, a line a column elsewhere."""

from __future__ import annotations

import threading
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from conformance.case import Cell, Measured
from conformance.cli.folder import MatrixFolder
from conformance.environment import Environment
from conformance.matrix import Column
from conformance.runner import Outcome
from conformance.runner.environments import Recipe


class MatrixProgress:
    """A listener to the matrix: tells people how it comes along, and the folder, so that its plan is up to date."""

    def __init__(self, console: Console, columns: tuple[Column, ...], cells: int, folder: MatrixFolder) -> None:
        self._console = console
        self._folder = folder
        self._columns = columns
        self._cells = cells
        self._lock = threading.Lock()
        self._started: dict[Column, float] = {}
        self._seen: set[tuple[Column, Cell]] = set()
        self._ended = 0
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left:"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("cells", total=len(columns) * cells)

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
        self._progress.advance(self._task, done)
        kept = f", {done} of {total} cells kept from before" if done else ""
        self._say(f"{column.title}: measuring ({environment.id}{kept})")

    def measured(self, column: Column, measured: Measured) -> None:
        """Count a cell, once however many attempts it takes."""
        with self._lock:
            first = (column, measured.cell) not in self._seen
            self._seen.add((column, measured.cell))
        if first:
            self._progress.advance(self._task)

    def ended(self, column: Column, outcome: Outcome) -> None:
        """Say how a column ended, and how much time the others may take."""
        self._folder.ended(column, outcome)
        with self._lock:
            self._ended += 1
            ended = self._ended
            if outcome.environment is None:
                # Nothing of it will come: the time left is that of the others.
                self._progress.update(self._task, total=(self._progress.tasks[0].total or 0) - self._cells)
            seconds = time.monotonic() - self._started.get(column, time.monotonic())
        how = "not measured, see below" if outcome.problem else f"done in {seconds:.0f} s"
        self._say(f"{column.title}: {how} ({ended} of {len(self._columns)} columns{self._left()})")

    def _left(self) -> str:
        """The time left, where no bar shows it."""
        task = self._progress.tasks[0]
        if self._console.is_terminal or not self._seen or task.finished:
            return ""
        elapsed = time.monotonic() - min(self._started.values(), default=time.monotonic())
        rest = (task.remaining or 0) * elapsed / len(self._seen)
        return f", about {rest:.0f} s left"

    def _say(self, text: str) -> None:
        self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)
