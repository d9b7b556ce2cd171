"""Whether results conform to the expectations, and what to do where they do not. Needs neither Django nor pytest."""

from conformance.gate.judge import judge
from conformance.gate.model import Finding, GateResult

__all__ = ["Finding", "GateResult", "judge"]
