"""Which releases to measure next: the ends of every series, then the middle between two that differ."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise

from conformance.history.releases import series_of

Known = Mapping[str, Hashable]


def next_releases(releases: Sequence[str], known: Known, *, every: bool = False) -> tuple[str, ...]:
    """The releases to measure next, all at a time; none where every change lies between neighbours.

    `releases` are sorted; `known` is what came out of those that were measured, also that one could not be. A verdict
    may change more than once, so nothing is concluded from one series for another. Within a series whose ends agree,
    nothing is measured between them, unless `every` release is wanted.
    """
    if every:
        return tuple(version for version in releases if version not in known)
    return tuple(version for series in _series(releases) for version in _next(series, known))


def at_most(releases: Sequence[str], known: Known, *, every: bool = False) -> int:
    """How many more have to be measured if no verdict changes twice in one series."""
    if every:
        return len(next_releases(releases, known, every=True))
    total = 0
    for series in _series(releases):
        total += len({series[0], series[-1]} - set(known))
        total += sum((high - low - 1).bit_length() for low, high in _differing(series, known))
    return total


def open_gaps(releases: Sequence[str], known: Known) -> tuple[tuple[str, str], ...]:
    """Pairs of measured releases that differ, and between which there is one that was not measured."""
    return tuple((releases[low], releases[high]) for low, high in _differing(releases, known) if high - low > 1)


def _series(releases: Sequence[str]) -> Iterator[list[str]]:
    return (list(group) for _, group in groupby(releases, key=series_of))


def _next(series: Sequence[str], known: Known) -> Iterator[str]:
    missing = [version for version in dict.fromkeys((series[0], series[-1])) if version not in known]
    if missing:
        yield from missing
        return
    for low, high in _differing(series, known):
        if high - low > 1:
            yield series[(low + high) // 2]


def _differing(releases: Sequence[str], known: Known) -> Iterator[tuple[int, int]]:
    """Measured releases that follow each other and differ, by their places."""
    measured = [number for number, version in enumerate(releases) if version in known]
    return (pair for pair in pairwise(measured) if known[releases[pair[0]]] != known[releases[pair[1]]])
