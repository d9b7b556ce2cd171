"""What was seen of one call, as plain data: compared, printed, and made by hand in tests."""

from conformance.observations.observation import (
    STALE,
    Cancellation,
    Declaration,
    Leftovers,
    Observation,
    Pair,
    Raised,
    Sent,
    SignalSent,
)

__all__ = ["STALE", "Cancellation", "Declaration", "Leftovers", "Observation", "Pair", "Raised", "Sent", "SignalSent"]
