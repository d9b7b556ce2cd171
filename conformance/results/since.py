"""What an earlier run has measured and need not be measured again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from conformance.case import Cell, Measured
from conformance.environment import Environment
from conformance.results.model import Results
from conformance.results.records import Record

_SAME = ("seed", "profile", "suite")


def unchanged(
    since: Sequence[Results], run: Record, entries: Mapping[str, str], cells: Iterable[Cell]
) -> list[Measured]:
    """Of these cells those that passed in the same environment, and of which nothing has changed since.

    The same run but for the catalogue, and of that the same entry: its digest is in `entries`, and that of the earlier
    run in its plan. Results without digests count if the whole catalogue is the same.
    """
    environment = Environment.from_dict(run["environment"])
    usable = [
        part
        for part in since
        if part.environment == environment and all(getattr(part, name) == run[name] for name in _SAME)
    ]
    found: dict[Cell, Measured] = {}
    for cell in cells:
        for part in usable:
            last = part.last(cell)
            if last is not None and part.verdict(cell).name == "pass" and _same_entry(part, cell, run, entries):
                found[cell] = replace(last, reused=True)
    return list(found.values())


def _same_entry(part: Results, cell: Cell, run: Record, entries: Mapping[str, str]) -> bool:
    known = part.entries.get(cell.entry)
    if known is None:
        return bool(part.catalogue == run["catalogue"])
    return known == entries.get(cell.entry)
