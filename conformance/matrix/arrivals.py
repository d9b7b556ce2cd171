"""The parts of a matrix as they come back from several machines: what is missing, and what does not belong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from conformance.case import Cell, ExitCode, SuiteError
from conformance.matrix.columns import Column
from conformance.matrix.databases import DATABASES
from conformance.matrix.djangos import django_release
from conformance.matrix.parts import Part, Plan
from conformance.matrix.shards import Shard
from conformance.results import ColumnState, PlannedMatrix, Results

Key = tuple[str, str, str]
_RUNNER = "asyncio.run"
_RUN = ("suite", "catalogue", "seed", "profile", "only")


@dataclass(frozen=True)
class Arrival:
    """What a machine has planned in a folder, and its result files there by name."""

    folder: Path
    matrix: PlannedMatrix
    results: dict[str, Results]


@dataclass(frozen=True)
class Arrivals:
    """All folders, and the plan that they were made from, if it is known."""

    parts: tuple[Arrival, ...]
    plan: Plan | None = None

    def check(self) -> None:
        """Raises `SuiteError` (bad input) with whatever does not belong together."""
        problems = [*self._other_runs(), *self._doubled(), *self._foreign(), *self._split()]
        if problems:
            raise SuiteError(
                "The parts do not belong together: " + "; ".join(problems) + ".",
                "Give merge each part once, all of one plan, measured with one version of the suite.",
                ExitCode.BAD_INPUT,
            )

    def missing(self) -> list[str]:
        """Shares of a column, and parts of the plan, that did not come; and files that break off."""
        seen = self._shares()
        lost = [_name(key, str(shard)) for key, shares in seen.items() for shard in _others(shares)]
        lost += [_name(*part.key) for part in self._planned() if part.key[0] not in seen]
        return [f"{name} is missing" for name in lost] + list(self._partial())

    def matrix(self, cells: Sequence[Cell]) -> PlannedMatrix:
        """The plan of all parts: every column with all of the cells, whether they came or not."""
        states = (self._state(key) for key in sorted(self._keys(), key=_version_key))
        run = self.plan or self.parts[0].matrix
        return PlannedMatrix(
            suite=run.suite,
            catalogue=run.catalogue,
            seed=run.seed,
            profile=run.profile,
            runner=self.parts[0].matrix.runner if self.parts else _RUNNER,
            cells=tuple(cells),
            columns=tuple(states),
            only=run.only,
        )

    @property
    def only(self) -> tuple[str, ...]:
        """What was selected, as `--only` takes it."""
        return (self.plan or self.parts[0].matrix).only

    def _planned(self) -> tuple[Part, ...]:
        return self.plan.parts if self.plan else ()

    def _keys(self) -> set[Key]:
        return {part.key[0] for part in self._planned()} | {column.key for _, column in self._columns()}

    def _columns(self) -> Iterator[tuple[Arrival, ColumnState]]:
        return ((part, column) for part in self.parts for column in part.matrix.columns)

    def _of(self, key: Key) -> list[tuple[Arrival, ColumnState]]:
        return [(part, column) for part, column in self._columns() if column.key == key]

    def _shares(self) -> dict[Key, set[str]]:
        shares: dict[Key, set[str]] = {}
        for part, column in self._columns():
            shares.setdefault(column.key, set()).add(part.matrix.shard)
        return shares

    def _state(self, key: Key) -> ColumnState:
        """What became of the column: measured if any part of it was, else why not."""
        found = [column for _, column in self._of(key)]
        measured = [column for column in found if column.file]
        return replace([*measured, *found, _unbegun(key)][0], inputs="", output="")

    def _other_runs(self) -> Iterator[str]:
        wanted = self.plan or self.parts[0].matrix
        for part in self.parts:
            for name in _RUN:
                have, want = getattr(part.matrix, name), getattr(wanted, name)
                if have != want:
                    yield f"{part.folder} has the {name} {have}, and not {want}"

    def _doubled(self) -> Iterator[str]:
        seen: dict[tuple[Key, str], Path] = {}
        for part, column in self._columns():
            name = (column.key, part.matrix.shard)
            if not column.file:
                continue
            if name in seen:
                yield f"{_name(*name)} came twice, in {seen[name]} and in {part.folder}"
            seen[name] = part.folder

    def _foreign(self) -> Iterator[str]:
        known = {part.key for part in self._planned()}
        for part, column in self._columns() if self.plan else ():
            if part.matrix.shard and (column.key, part.matrix.shard) not in known:
                yield f"{_name(column.key, part.matrix.shard)} in {part.folder} is no part of the plan"
            elif column.key not in {key for key, _ in known}:
                yield f"{_title(column.key)} in {part.folder} is no part of the plan"
        for part in self.parts:
            for name in sorted(part.results.keys() - {column.file for column in part.matrix.columns}):
                yield f"{part.folder / name} belongs to no column that was planned there"

    def _split(self) -> Iterator[str]:
        """A column has one environment, and one number of shares."""
        for key, shares in self._shares().items():
            counts = sorted({Shard.parse(share).count for share in shares if share})
            if len(counts) > 1:
                yield f"{_title(key)} was split into {counts[0]} and into {counts[1]} parts"
            files: dict[str, Path] = {}
            for part, column in self._of(key):
                if column.file:
                    files.setdefault(column.file, part.folder)
            if len(files) > 1:
                (one, first), (other, second), *_ = files.items()
                yield f"{_title(key)} was measured in two environments, {one} in {first} and {other} in {second}"

    def _partial(self) -> Iterator[str]:
        for part in self.parts:
            for name, results in sorted(part.results.items()):
                left, total = len(results.missing), len(results.planned)
                # What a merge has written is partial until the parts that it lacked are there.
                if not results.complete and not (left and self._came_elsewhere(name, results)):
                    yield f"{part.folder / name} breaks off: {total - left} of {total} results came"
        for part, column in self._columns():
            if not column.file and column.state != "left_out":
                why = column.reason or "it never began"
                yield f"{_name(column.key, part.matrix.shard)} in {part.folder} was not measured: {why}"

    def _came_elsewhere(self, name: str, results: Results) -> bool:
        files = (part.results[name] for part in self.parts if name in part.results)
        arrived = {measured.cell for each in files for measured in each.cells}
        return arrived.issuperset(results.missing)


def _others(shares: Iterable[str]) -> list[Shard]:
    """The shares that are not among these; none where the whole is."""
    known = [Shard.parse(share) for share in shares if share]
    if len(known) != len(set(shares)) or not known:
        return []
    count = known[0].count
    return [shard for number in range(1, count + 1) if (shard := Shard(number, count)) not in known]


def _unbegun(key: Key) -> ColumnState:
    django, asgiref, database = key
    axes = Column(django_release(django), DATABASES[database], asgiref).axes
    return ColumnState(django, database, asgiref=asgiref, axes=axes)


def _title(key: Key) -> str:
    django, asgiref, database = key
    return ColumnState(django, database, asgiref=asgiref).title


def _name(key: Key, shard: str) -> str:
    return f"part {shard} of {_title(key)}" if shard else _title(key)


def _version_key(key: Key) -> tuple[object, ...]:
    django, asgiref, database = key
    numbers = ([int(part) if part.isdigit() else -1 for part in text.split(".")] for text in (django, asgiref))
    return (*numbers, django, asgiref, database)
