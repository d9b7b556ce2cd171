"""Ways around what the async ORM lacks: as the source text prints them, in our own words, and the sample app's.

The checks reach each of them through this module's attributes, where a planted defect can exchange it.
"""

from __future__ import annotations

from conformance.checks.workarounds import printed, sample_app

__all__ = ["printed", "sample_app"]
