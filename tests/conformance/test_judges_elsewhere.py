"""What judges say of aliases and of the side from which a relation is changed, on observations made by hand."""

from __future__ import annotations

import pytest

from conformance.checks.elsewhere import alias_of, on_alias
from conformance.checks.reference.dialect import Dialect
from conformance.checks.reference.documents import compare
from conformance.judges import PANEL
from conformance.observations import Observation, Pair, Sent, SignalSent
from conformance.strategies.code import Attribute, Chain, Name, Step

_TAGS = Chain(Name("Post.objects"), (Step("using", ("again",)), Step("get"), Attribute("tags")))


@pytest.mark.parametrize(("alias", "agrees"), [("again", True), ("default", False)])
def test_statements_go_to_the_alias_of_the_rows(alias: str, agrees: bool) -> None:
    """Where a model knows it, another one is wrong even if both twins ask it."""
    side = Observation(statements=(Sent("SELECT 1", (), "again"), Sent("DELETE FROM post", (), alias)))
    assert (PANEL["model"](Pair(side, side, alias=alias_of(_TAGS))) is None) is agrees
    assert PANEL["model"](Pair(side, side)) is None


def test_rows_of_a_model_are_of_the_alias() -> None:
    """An instance that was not saved is of none."""
    found = [{"using": "default"}, ({"using": None},)]
    assert on_alias(found, "again") == [{"using": "again"}, ({"using": None},)]
    assert on_alias(found, "default") is found


@pytest.mark.parametrize(
    ("model", "reverse", "agrees"), [("Post", True, True), ("Tag", False, True), ("Post", False, False)]
)
def test_a_signal_says_from_which_side(model: str, reverse: bool, agrees: bool) -> None:
    """The table between is named after the model that has the field."""
    given = (("action", "post_clear"), ("model", model), ("reverse", reverse))
    sent = SignalSent("m2m_changed", "sample_app.Post_tags", given)
    side = Observation(signals=(SignalSent("m2m_changed", sent.sender, (("action", "pre_clear"), *given[1:])), sent))
    assert (PANEL["signals"](Pair(side, side)) is None) is agrees


@pytest.mark.parametrize(
    ("value", "name", "other", "holds"),
    [
        (None, "a__isnull", True, True),
        ({"a": None}, "a__isnull", False, True),
        ({"a": None}, "a", None, True),
        ({}, "a", None, None),
        ({"a": True}, "a", 1, False),
        ({"a": {"b": [None, True]}}, "a__b__1", True, True),
        ({"a": 1}, "has_keys", ["a", "b"], False),
        ({"a": 1}, "has_any_keys", ["a", "b"], True),
        ({"a": {"b": [None, True]}}, "contains", {"a": {"b": [True]}}, True),
        ([], "contained_by", {"a": 1}, False),
        ({"a": 2}, "a__in", [1, 2], True),
    ],
)
def test_lookups_of_json(value: object, name: str, other: object, holds: bool | None) -> None:
    """A key that is not there is no null."""
    assert compare(Dialect("postgresql"), value, tuple(name.split("__")), other) is holds
