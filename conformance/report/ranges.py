"""Since which release an entry is as it is, as compatibility tables of the web tell it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from conformance.environment import Environment
from conformance.history import Range, ranges_of
from conformance.report.aggregate import EntryResult, Row
from conformance.report.columns import AXES

# What a verdict says of an operation, in a sentence.
SAYS = {
    "pass": "right",
    "silent": "silently wrong",
    "fail": "wrong",
    "loud": "refuses",
    "absent": "not there",
    "flaky": "not the same twice",
    "vacuous": "not proven",
    "n/a": "cannot be measured",
    "blocked": "blocked",
    "unknown": "unknown",
    "crash": "dies",
    "timeout": "hangs",
    "harness_error": "not measured",
    "setup_error": "not measured",
}
# What is compared within one row: everything else is the same there.
_VERSIONS = ("django", "asgiref", "python", "server_version", "driver_version")


@dataclass(frozen=True)
class RangeRow:
    """A database, as it is kept and driven, and its ranges from the oldest release to the newest."""

    label: str
    ranges: tuple[Range, ...]

    @property
    def summary(self) -> str:
        """`right since 5.0.3`, or `right in 4.2.30 to 6.1.1`."""
        newest = self.ranges[-1]
        says = SAYS.get(newest.verdict, newest.verdict)
        if newest.begins:
            return f"{says} in {span(newest.first, newest.last)}"
        return f"{says} since {newest.first}{'' if newest.exact else ' or earlier'}"


def range_rows(row: Row) -> tuple[RangeRow, ...]:
    """The ranges of an entry, a row for each kind of database in the order of the columns."""
    kinds: dict[tuple[object, ...], list[EntryResult]] = {}
    for result in row.results:
        if result.outcome:
            kinds.setdefault(_kind(result.column.environment), []).append(result)
    labels = _labels(kinds)
    return tuple(RangeRow(labels[kind], _ranges(results)) for kind, results in kinds.items())


def span(first: str, last: str) -> str:
    """`5.2.8`, or `4.2.30 to 6.1.1`."""
    return first if first == last else f"{first} to {last}"


def _kind(environment: Environment) -> tuple[object, ...]:
    return tuple(value(environment) for field, _, value in AXES if field not in _VERSIONS)


def _labels(kinds: Iterable[tuple[object, ...]]) -> dict[tuple[object, ...], str]:
    """The database's name, and what tells it from others of that name."""
    every = [*kinds]
    names = [name for field, name, _ in AXES if field not in _VERSIONS]
    labels = {}
    for kind in every:
        alike = [other for other in every if other[0] == kind[0]]
        told = [at for at in range(1, len(kind)) if len({other[at] for other in alike}) > 1]
        parts = [str(kind[at]) if names[at] in _BARE else f"{names[at]} {kind[at]}" for at in told]
        labels[kind] = ", ".join((str(kind[0]), *parts))
    return labels


# Django's series end with X.2.
_LAST_MINOR = 2
_BARE = ("Driver", "Kept as", "Coroutines run by")


def _ranges(results: Sequence[EntryResult]) -> tuple[Range, ...]:
    ordered = sorted(results, key=lambda result: _order(result.column.environment))
    names = _names([result.column.environment for result in ordered])
    known = {names[result.column.id]: result.outcome for result in ordered}
    return ranges_of([*_with_gaps(ordered, names)], known)


def _with_gaps(ordered: Sequence[EntryResult], names: dict[str, str]) -> Iterator[str]:
    """The releases, and an empty name between two that do not follow each other: what lies there was not measured."""
    before = None
    for result in ordered:
        release = _numbers(result.column.environment.django)
        if before is not None and not _follows(before, release):
            yield ""
        yield names[result.column.id]
        before = release


def _follows(before: tuple[int, ...], after: tuple[int, ...]) -> bool:
    """Whether no release lies between: the next patch, or the first release of the next series."""
    old, new = (*before, 0, 0)[:3], (*after, 0, 0)[:3]
    if old[:2] == new[:2]:
        return new[2] - old[2] <= 1
    series = (old[0], old[1] + 1) if old[1] < _LAST_MINOR else (old[0] + 1, 0)
    return new == (*series, 0)


def _order(environment: Environment) -> tuple[object, ...]:
    return _numbers(environment.django), _numbers(environment.asgiref), environment.version_key


def _names(environments: Sequence[Environment]) -> dict[str, str]:
    """Django's release; with asgiref's where one release was measured with several."""
    releases = [environment.django for environment in environments]
    return {
        each.id: each.django if releases.count(each.django) == 1 else f"{each.django} (asgiref {each.asgiref})"
        for each in environments
    }


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))
