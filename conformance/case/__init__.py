"""The vocabulary of the suite: verdicts, cells, failures, patterns. It depends on nothing else of the suite."""

from conformance.case.cell import Cell, Failure, Measured, Shown, Table
from conformance.case.exits import PRECEDENCE, ExitCode, SuiteError, combine
from conformance.case.pattern import is_pattern, matches
from conformance.case.validation import SchemaChecker
from conformance.case.verdict import NEVER_EXCUSED, NOT_MADE, Verdict, worst

__all__ = [
    "NEVER_EXCUSED",
    "NOT_MADE",
    "PRECEDENCE",
    "Cell",
    "ExitCode",
    "Failure",
    "Measured",
    "SchemaChecker",
    "Shown",
    "SuiteError",
    "Table",
    "Verdict",
    "combine",
    "is_pattern",
    "matches",
    "worst",
]
