"""Ways around what the async ORM lacks: as the source text prints them, in our own words, and the sample app's.

The checks reach each form through this module's attributes, where a planted defect can exchange it.
"""

from __future__ import annotations

from conformance.checks.forms import ours, printed

__all__ = ["ours", "printed"]
