"""What changed from some results to others, as release notes tell it. Needs neither Django nor pytest."""

from conformance.comparison.compare import compare
from conformance.comparison.document import comparison_json
from conformance.comparison.model import KINDS, Change, CheckChange, Comparison, Figure, Pair
from conformance.comparison.notes import Line, comparison_markdown, release_notes

__all__ = [
    "KINDS",
    "Change",
    "CheckChange",
    "Comparison",
    "Figure",
    "Line",
    "Pair",
    "compare",
    "comparison_json",
    "comparison_markdown",
    "release_notes",
]
