"""What does not gate is told by reason, and what concerns the reader most comes first."""

from __future__ import annotations

from dataclasses import replace

from conformance.case import Cell, ExitCode
from conformance.gate import Finding, grouped_notes
from conformance.gate.model import Kind
from tests.conformance.synthetic import POSTGRESQL, SQLITE


def note(cell: str, why: str, kind: Kind = Kind.OBSERVED, verdict: str = "fail") -> Finding:
    return Finding(ExitCode.CONFORMS, f"{cell} is {verdict}.", SQLITE, Cell.parse(cell), verdict, kind=kind, why=why)


def test_one_reason_is_told_once() -> None:
    """Of many cells, in the order in which they came."""
    notes = [note("a.b:result", "nobody promises it"), note("a.c:sql", "nobody promises it", verdict="silent")]
    (group,) = grouped_notes(notes)
    assert (group.why, group.cells) == ("nobody promises it", ("a.b:result fail", "a.c:sql silent"))


def test_faults_of_django_come_first() -> None:
    """They are what a reader can report; what is only observed is many and says little."""
    notes = [note(f"a.b:{kind.name.lower()}", kind.name, kind) for kind in reversed(Kind)]
    assert [group.why for group in grouped_notes(notes)] == ["DJANGO", "EXCUSED", "BLOCKED", "OBSERVED"]


def test_a_cell_of_several_environments_is_named_once() -> None:
    """With their number; where its verdict differs, once for each."""
    one = note("a.b:result", "why")
    notes = [one, replace(one, environment=POSTGRESQL), replace(one, verdict="silent")]
    assert grouped_notes(notes)[0].cells == ("a.b:result fail (2 environments)", "a.b:result silent")
