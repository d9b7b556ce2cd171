"""What a database leaves open is no difference, and the reference model says nothing of it."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from conformance.checks.instruments.states import caches_of
from conformance.checks.model_features.kinds import KINDS
from conformance.checks.model_features.where import wanted
from conformance.checks.plain import mask_text
from conformance.checks.reference.outcomes import Unmodelled
from conformance.strategies.code import Infix
from conformance.strategies.shapes import q

REFUSED = 'null value in column "big"\nDETAIL:  Failing row contains ({}, é, null, (1)).'


class Prefetched(list):
    """Related objects as a queryset keeps them."""

    def __init__(self, *keys: int, ordered: bool) -> None:
        super().__init__(SimpleNamespace(pk=key) for key in keys)
        self.ordered = ordered


def test_of_several_rows_any_may_be_the_one_that_is_refused():
    """Two messages that name different ones are the same; another column is not."""
    assert mask_text(REFUSED.format(1)) == mask_text(REFUSED.format(2))
    assert mask_text(REFUSED.format(1)) != mask_text(REFUSED.format(1).replace("big", "small"))


@pytest.mark.parametrize("ordered", [True, False])
def test_what_nobody_ordered_may_come_in_any_order(ordered):
    """What somebody ordered may not."""
    one, other = (
        SimpleNamespace(
            _meta=SimpleNamespace(concrete_fields=()),
            _state=SimpleNamespace(fields_cache={}),
            _prefetched_objects_cache={"tags": Prefetched(*keys, ordered=ordered)},
        )
        for keys in ((1, 2), (2, 1))
    )
    assert (str(caches_of(one, frozenset())) == str(caches_of(other, frozenset()))) is not ordered


@pytest.mark.parametrize("null", [True, False])
def test_an_exclusive_or_with_null_has_an_answer_of_each_database(null):
    """MariaDB's own operator says NULL, and what Django sends elsewhere does not."""
    kind = KINDS["Seat"]
    row = {**dict.fromkeys(kind.fields), "number": 1, "price": None if null else 5}
    either, both = (Infix(q(number=1), operator, q(price=5)) for operator in "^&")
    with pytest.raises(Unmodelled) if null else nullcontext():
        assert not wanted(Mock(), kind, row, (), (either,))
    assert wanted(Mock(), kind, row, (), (both,)) is not null
