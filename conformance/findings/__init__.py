"""What is wrong in Django itself, as it was found: by cell and version, with a program that shows it."""

from conformance.findings.load import load_findings, program_of
from conformance.findings.model import DjangoFinding, Findings

__all__ = ["DjangoFinding", "Findings", "load_findings", "program_of"]
