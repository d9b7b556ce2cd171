"""From the test that recorded to the end of the session, in whatever process the test ran."""

from __future__ import annotations

from typing import Any

import pytest

COLLECTED: pytest.StashKey[list[dict[str, Any]]] = pytest.StashKey()


def collect(config: pytest.Config, report: pytest.TestReport, attribute: str) -> None:
    """Keep the document that a report carries, with the outcome of its test; reports without one are passed over."""
    found = getattr(report, attribute, None)
    if found is not None:
        config.stash.setdefault(COLLECTED, []).append({**found, "outcome": report.outcome})


def is_controller(config: pytest.Config) -> bool:
    """Whether this process sees the reports of all tests: the only one, or pytest-xdist's controller."""
    return not hasattr(config, "workerinput")
