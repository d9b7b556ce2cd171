"""Pure functions of two observations: held, or what disagrees and whether that is silent."""

from conformance.judges.panel import PANEL, judge, refusal
from conformance.judges.ruling import Ruling

__all__ = ["PANEL", "Ruling", "judge", "refusal"]
