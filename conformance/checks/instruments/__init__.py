"""What watches a call: statements, signals, threads, the event loop, the caller's objects, and what is left behind."""

from conformance.checks.instruments.declarations import declare
from conformance.checks.instruments.leftovers import LeftoverWatch
from conformance.checks.instruments.loop_watch import LoopWatch
from conformance.checks.instruments.probe import PROBE
from conformance.checks.instruments.signals import SignalWatch
from conformance.checks.instruments.states import caches_of, state_of

__all__ = [
    "PROBE",
    "LeftoverWatch",
    "LoopWatch",
    "SignalWatch",
    "caches_of",
    "declare",
    "state_of",
]
