"""A comparison as one JSON document, for other programs."""

from __future__ import annotations

import json
from dataclasses import asdict

from conformance.comparison.model import Comparison

DOCUMENT_VERSION = 1


def comparison_json(comparison: Comparison) -> str:
    """Pairs, changes with their checks and figures, counts, remarks; ends in a newline."""
    document = {"version": DOCUMENT_VERSION, "counts": comparison.counts, **asdict(comparison)}
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
