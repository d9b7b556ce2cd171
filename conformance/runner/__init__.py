"""Measure: one cell in this process, one environment in a subprocess, many environments on this machine."""

from conformance.runner.job import Job, Listener, Outcome
from conformance.runner.many import Matrix
from conformance.runner.packages import copy_packages
from conformance.runner.plan import Column, MatrixPlan
from conformance.runner.profiles import PROFILES, Profile
from conformance.runner.supervise import supervise

__all__ = [
    "PROFILES",
    "Column",
    "Job",
    "Listener",
    "Matrix",
    "MatrixPlan",
    "Outcome",
    "Profile",
    "copy_packages",
    "supervise",
]
