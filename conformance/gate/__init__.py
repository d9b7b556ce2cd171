"""Whether results conform to the expectations, and what to do where they do not. Needs neither Django nor pytest."""

from conformance.gate.judge import judge
from conformance.gate.lint import lint, unfinished
from conformance.gate.model import Finding, GateResult
from conformance.gate.outdated import Edit, outdated
from conformance.gate.suggest import Suggestion, Suggestions, suggest

__all__ = [
    "Edit",
    "Finding",
    "GateResult",
    "Suggestion",
    "Suggestions",
    "judge",
    "lint",
    "outdated",
    "suggest",
    "unfinished",
]
