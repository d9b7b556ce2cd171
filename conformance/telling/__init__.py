"""What was seen, in the reader's terms: values as Python, and two of them as a difference."""

from conformance.telling.difference import difference, halves
from conformance.telling.failure import failure_lines
from conformance.telling.statements import aligned
from conformance.telling.values import assignments, code_of

__all__ = ["aligned", "assignments", "code_of", "difference", "failure_lines", "halves"]
