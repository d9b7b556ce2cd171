"""What does not gate, told once for all cells that it is true of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from conformance.gate.model import Finding


@dataclass(frozen=True)
class NoteGroup:
    """One reason, and the cells that do not gate for it."""

    why: str
    notes: tuple[Finding, ...]

    @property
    def cells(self) -> tuple[str, ...]:
        """Each cell once, with its verdict and with how many environments it is so in, where that is several."""
        environments: dict[str, int] = {}
        for note in self.notes:
            said = f"{note.cell} {note.verdict}"
            environments[said] = environments.get(said, 0) + 1
        return tuple(said if many == 1 else f"{said} ({many} environments)" for said, many in environments.items())


def grouped_notes(notes: Iterable[Finding]) -> tuple[NoteGroup, ...]:
    """The notes by reason: faults of Django first, then what rules excuse, what is blocked, what is only observed."""
    groups: dict[str, list[Finding]] = {}
    for note in sorted(notes, key=lambda note: note.kind):
        groups.setdefault(note.why, []).append(note)
    return tuple(NoteGroup(why, tuple(found)) for why, found in groups.items())
