"""What judges say where another writes meanwhile, on observations that are made by hand."""

from __future__ import annotations

import pytest

from conformance.judges import PANEL
from conformance.observations import Observation, Pair, Sent


@pytest.mark.parametrize(
    ("sql", "agrees"),
    [
        ('UPDATE "post" SET "author_id" = %s WHERE "post"."id" IN (%s, %s)', True),
        ('UPDATE "post" SET "title" = %s, "author_id" = %s WHERE "post"."id" = %s', False),
        ("UPDATE `post` SET `author_id` = %s, `title` = %s WHERE `post`.`id` = %s", False),
        ('SELECT "post"."title" FROM "post"', True),
    ],
)
def test_an_update_sets_the_columns_that_are_changed(sql: str, agrees: bool) -> None:
    """Any other is what another may have written to meanwhile."""
    side = Observation(statements=(Sent(sql, ()),))
    assert (PANEL["model"](Pair(side, side, columns=frozenset({"author_id"}))) is None) is agrees
