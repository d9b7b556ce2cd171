"""Append records to a result file so that whatever was measured survives any interruption."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from conformance.case import Cell, Verdict
from conformance.environment import Environment
from conformance.results.disk import LockedFile, drop_partial_line, refused
from conformance.results.lines import read_records
from conformance.results.read import planned_cells
from conformance.results.records import Record, as_line, checksum, plan_record
from conformance.results.resume import differences, resume


def file_name(environment: Environment) -> str:
    """One file an environment: two environments never share a name."""
    return f"{environment.id}.jsonl"


class ResultWriter:
    """Append to a result file, one line a record, on the disk before `write` returns. One writer a file.

    A line that an earlier interruption cut short is dropped first. An existing file is continued: its own `run` record
    and plan may be written again and are not repeated. Raises `SuiteError` (harness) if the file cannot be written: the
    folder, the permission, a full disk, another process, or the records of another run.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = LockedFile(path)
        try:
            self._continue()
        except BaseException:
            self._file.close()
            raise

    @classmethod
    @contextmanager
    def resume(
        cls, path: Path, run: Record, cells: Iterable[Cell], entries: Mapping[str, str] | None = None
    ) -> Iterator[tuple[ResultWriter, dict[Cell, Verdict]]]:
        """A writer that has the run and its plan, and the cells that are measured already with their verdicts.

        The file of another run is set aside first (see `resume`). Cells that the file planned before and that are
        not in `cells` stay planned.
        """
        done = resume(path, run)
        with cls(path) as writer:
            writer.write(run)
            writer.write(plan_record(cells, entries, kept=done))
            yield writer, done

    def __enter__(self) -> ResultWriter:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let another process write. Every record is on the disk already."""
        self._file.close()

    def write(self, record: Record) -> None:
        """Append one record. What the file says already of its run and plan is not written again."""
        record = self._news(record)
        if not record:
            return
        try:
            if record["type"] == "end":
                record = {**record, "sha256": checksum(self.path.read_bytes())}
            self._file.append(as_line(record))
        except OSError as error:
            raise refused(self.path, error.strerror or str(error)) from error
        self._ended = record["type"] == "end"

    def _continue(self) -> None:
        """Learn from what is in the file already how to go on."""
        try:
            drop_partial_line(self.path)
        except OSError as error:
            raise refused(self.path, error.strerror or str(error)) from error
        records, _ = read_records(self.path)
        self._run = records[0] if records else None
        self._planned = {str(cell) for cell in planned_cells(records)}
        self._ended = bool(records) and records[-1]["type"] == "end"

    def _news(self, record: Record) -> Record:
        """What the record adds to the file: nothing, the new part of a plan, or all of it."""
        kind = record["type"]
        if kind == "run":
            return self._news_of_run(record)
        if self._run is None:
            raise refused(self.path, f"a `{kind}` record came before the `run` record")
        if kind == "plan":
            return self._news_of_plan(record)
        if kind == "cell" and record["cell"] not in self._planned:
            raise refused(self.path, f"{record['cell']} is not in its plan")
        return {} if kind == "end" and self._ended else record

    def _news_of_run(self, record: Record) -> Record:
        if self._run is None:
            self._run = record
            return record
        if self._run != record:
            raise refused(self.path, f"it holds the results of another run, {differences(self._run, record)}")
        return {}

    def _news_of_plan(self, record: Record) -> Record:
        cells = [cell for cell in record["cells"] if cell not in self._planned]
        first = not self._planned
        self._planned.update(cells)
        return {**record, "cells": cells} if cells or first else {}
