"""The checks' code: what the catalogue names, measured against oracles."""

from conformance.checks.evidence import Evidence
from conformance.checks.experiments import Experiment
from conformance.checks.lookup import check_code, experiment_of, registered_cells, registered_experiments
from conformance.checks.outcomes import Absent, Disagreement, Refused, Silent, Wrong
from conformance.checks.registry import CheckCode
from conformance.checks.stage import Stage

__all__ = [
    "Absent",
    "CheckCode",
    "Disagreement",
    "Evidence",
    "Experiment",
    "Refused",
    "Silent",
    "Stage",
    "Wrong",
    "check_code",
    "experiment_of",
    "registered_cells",
    "registered_experiments",
]
