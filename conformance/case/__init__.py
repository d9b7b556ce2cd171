"""The vocabulary of the suite: verdicts, cells, failures. It depends on nothing."""

from conformance.case.cell import Cell, Failure, Measured
from conformance.case.exits import ExitCode, SuiteError, combine
from conformance.case.verdict import Verdict, worst

__all__ = ["Cell", "ExitCode", "Failure", "Measured", "SuiteError", "Verdict", "combine", "worst"]
