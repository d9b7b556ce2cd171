"""The checks' code: what the catalogue names, measured against oracles."""

from conformance.checks.evidence import Evidence
from conformance.checks.lookup import check_code, registered_cells
from conformance.checks.outcomes import Absent, Disagreement, Refused, Silent, Wrong
from conformance.checks.registry import CheckCode
from conformance.checks.stage import Stage

__all__ = [
    "Absent",
    "CheckCode",
    "Disagreement",
    "Evidence",
    "Refused",
    "Silent",
    "Stage",
    "Wrong",
    "check_code",
    "registered_cells",
]
