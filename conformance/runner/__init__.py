"""Measure: one cell in this process, one environment in a subprocess, many environments on this machine."""

from conformance.runner.caches import cache_folder, hypothesis_environ
from conformance.runner.history import HistoryListener, HistorySearch
from conformance.runner.job import Job, JobListener, Outcome
from conformance.runner.matrix import Matrix
from conformance.runner.packages import copy_packages
from conformance.runner.plan import MatrixPlan
from conformance.runner.profiles import PROFILES, Profile
from conformance.runner.supervise import supervise

__all__ = [
    "PROFILES",
    "HistoryListener",
    "HistorySearch",
    "Job",
    "JobListener",
    "Matrix",
    "MatrixPlan",
    "Outcome",
    "Profile",
    "cache_folder",
    "copy_packages",
    "hypothesis_environ",
    "supervise",
]
