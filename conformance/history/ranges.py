"""Verdicts by release as ranges, as the compatibility tables of the web have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Range:
    """Neighbouring releases with one verdict, `first` and `last` included.

    `begins` says that no older release was measured, `ends` that no newer one was. Without `exact` it may have begun
    earlier: in a release before `first` that was not measured.
    """

    verdict: str
    first: str
    last: str
    begins: bool = False
    ends: bool = False
    exact: bool = True


def ranges_of(releases: Sequence[str], known: Mapping[str, str]) -> tuple[Range, ...]:
    """The ranges of the measured releases, oldest first.

    `releases` are sorted; those between two measured ones that agree are taken to agree with them.
    """
    found: list[Range] = []
    measured = [number for number, version in enumerate(releases) if version in known]
    for place, number in enumerate(measured):
        version = releases[number]
        if found and found[-1].verdict == known[version]:
            found[-1] = replace(found[-1], last=version)
        else:
            exact = not found or number - measured[place - 1] == 1
            found.append(Range(known[version], version, version, exact=exact))
    if found:
        found[0] = replace(found[0], begins=True)
        found[-1] = replace(found[-1], ends=True)
    return tuple(found)


def ranges_text(ranges: Sequence[Range]) -> str:
    """Every range in words: the oldest by the release that ends it, the newest by the one that it begins with."""
    if len(ranges) == 1:
        only = ranges[0]
        span = only.first if only.first == only.last else f"{only.first}–{only.last}"
        return f"{only.verdict} in every release ({span})"
    return " · ".join(_text(each, ranges[number + 1 :]) for number, each in enumerate(ranges)) or "not measured"


def _text(each: Range, later: Sequence[Range]) -> str:
    if each.begins and later:
        return f"{each.verdict} until {_begin(later[0])}"
    if each.ends:
        return f"{each.verdict} since {_begin(each)}"
    return f"{each.verdict} {_begin(each)}" + ("" if each.first == each.last else f"–{each.last}")


def _begin(each: Range) -> str:
    return each.first if each.exact else f"{each.first} or earlier"
