"""Whether results conform to the expectations, and what to do where they do not. Needs neither Django nor pytest."""

from conformance.gate.cells import is_good
from conformance.gate.judge import judge
from conformance.gate.lint import lint, unfinished
from conformance.gate.model import WORDS, Finding, GateResult
from conformance.gate.notes import NoteGroup, grouped_notes
from conformance.gate.outdated import Edit, outdated
from conformance.gate.suggest import Suggestion, Suggestions, suggest

__all__ = [
    "WORDS",
    "Edit",
    "Finding",
    "GateResult",
    "NoteGroup",
    "Suggestion",
    "Suggestions",
    "grouped_notes",
    "is_good",
    "judge",
    "lint",
    "outdated",
    "suggest",
    "unfinished",
]
