"""In what a verdict was measured: every version that can change it."""

from conformance.environment.model import Environment

__all__ = ["Environment"]
