"""What differs between two sides besides Django is said: a change is not Django's then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from conformance.comparison import compare
from tests.conformance.synthetic import COUNT, POSTGRESQL, catalogue, results

OLD = replace(POSTGRESQL, django="4.2.30")


@pytest.mark.parametrize(
    ("change", "remarks"),
    [
        ({}, ()),
        ({"python": "3.12.9"}, ()),
        ({"python": "3.14.0"}, ("Python differs too, 3.12 and 3.14: that alone may explain a change.",)),
        ({"server_version": "18.1"}, ("PostgreSQL differs too, 16.2 and 18.1: that alone may explain a change.",)),
    ],
)
def test_another_python_or_server_is_said(change: dict[str, str], remarks: tuple[str, ...], tmp_path: Path) -> None:
    """Another patch of Python is no reason; another series, or another server, may be."""
    new = replace(POSTGRESQL, **change)
    sides = ([results({COUNT: verdict}, environment=each)] for verdict, each in (("silent", OLD), ("pass", new)))
    assert compare(*sides, catalogue(tmp_path)).remarks == remarks
