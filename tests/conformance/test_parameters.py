"""Parameters of statements are compared by what is in them."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from psycopg import Binary
from psycopg.types.json import Json, Jsonb

from conformance.checks.parameters import plain_parameters

LONG_AGO, NOW = (datetime(year, 1, 2, tzinfo=timezone.utc) for year in (2000, 2026))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([Jsonb({"a": [1]})], [Jsonb({"a": [1]})]),
        ([Json(False)], [Json(False)]),
        ([Binary(b"\0")], [Binary(memoryview(b"\0"))]),
        ((1, [Jsonb(None)]), (1, [Jsonb(None)])),
        ({"b": Jsonb(1), "a": 2}, {"a": 2, "b": Jsonb(1)}),
        ([NOW], [NOW.replace(month=5)]),
        (None, ()),
    ],
)
def test_what_is_equal_inside_is_equal(one, other):
    """A driver's wrappers are equal to none but themselves; a reading of the clock differs from run to run."""
    assert plain_parameters(one) == plain_parameters(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([Jsonb(True)], [Jsonb(False)]),
        ([Jsonb(1)], [Json(1)]),
        ([Jsonb([])], [[]]),
        ([Binary(b"")], [Binary(b"\0")]),
        ([Binary(b"")], [b""]),
        ([LONG_AGO], [LONG_AGO.replace(month=5)]),
        ([1], [2]),
    ],
)
def test_what_differs_differs(one, other):
    """Also the kind of wrapper: the database is told another type."""
    assert plain_parameters(one) != plain_parameters(other)
