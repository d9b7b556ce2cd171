"""Which releases to measure next: the ends of every series, then the middle between two that differ."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise

from conformance.history.releases import series_of

Known = Mapping[str, Hashable]


def next_releases(releases: Sequence[str], known: Known, out: Collection[str] = ()) -> tuple[str, ...]:
    """The releases to measure next, all of which may be measured at a time; none where every change is between
    neighbours.

    `releases` are sorted, `known` has what was measured of some, and those that are `out` cannot be measured. A verdict
    may change more than once, so nothing is concluded from one series for another: within a series whose ends agree,
    nothing is measured between them.
    """
    return tuple(version for series in _series(releases, out) for version in _next(series, known))


def at_most(releases: Sequence[str], known: Known, out: Collection[str] = ()) -> int:
    """How many more have to be measured if no verdict changes twice in one series."""
    total = 0
    for series in _series(releases, out):
        ends = {series[0], series[-1]}
        total += len(ends - set(known))
        total += sum((gap.bit_length()) for gap in _gaps(series, known))
    return total


def open_gaps(releases: Sequence[str], known: Known, out: Collection[str] = ()) -> tuple[tuple[str, str], ...]:
    """Pairs of measured releases that differ, and between which there is one that was not measured."""
    usable = [version for version in releases if version not in out]
    measured = [number for number, version in enumerate(usable) if version in known]
    return tuple(
        (usable[low], usable[high])
        for low, high in pairwise(measured)
        if high - low > 1 and known[usable[low]] != known[usable[high]]
    )


def _series(releases: Sequence[str], out: Collection[str]) -> Iterator[list[str]]:
    usable = (version for version in releases if version not in out)
    return (list(group) for _, group in groupby(usable, key=series_of))


def _next(series: list[str], known: Known) -> Iterator[str]:
    missing = [version for version in dict.fromkeys((series[0], series[-1])) if version not in known]
    if missing:
        yield from missing
        return
    measured = [number for number, version in enumerate(series) if version in known]
    for low, high in pairwise(measured):
        if high - low > 1 and known[series[low]] != known[series[high]]:
            yield series[(low + high) // 2]


def _gaps(series: list[str], known: Known) -> Iterator[int]:
    """How many releases lie between two neighbours that were measured and differ."""
    measured = [number for number, version in enumerate(series) if version in known]
    for low, high in pairwise(measured):
        if known[series[low]] != known[series[high]]:
            yield high - low - 1
