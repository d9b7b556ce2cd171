"""What judges say where another writes meanwhile, on observations that are made by hand."""

from __future__ import annotations

import pytest

from conformance.judges import PANEL
from conformance.observations import Observation, Pair, Sent, SignalSent

SAVING = SignalSent("pre_save", "sample_app.Post", (("using", "default"),))
INSERTED, UPDATED = Sent("INSERT INTO post", ()), Sent("UPDATE post SET a = 1", ())


@pytest.mark.parametrize(
    ("value", "sent", "agrees"),
    [
        (("row", False), (INSERTED,), True),
        (("row", True), (INSERTED,), False),
        (("row", False), (UPDATED,), False),
        ("row", (INSERTED,), False),
    ],
)
def test_what_gave_way_to_another_row_is_told_before_alone(value: object, sent: tuple[Sent, ...], agrees: bool) -> None:
    """A row that is not created, because another was meanwhile, has no signal after it; any other has one."""
    side = Observation(value=value, statements=sent, signals=(SAVING,))
    assert (PANEL["signals"](Pair(side, side)) is None) is agrees


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
