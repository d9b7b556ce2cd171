"""What querysets, instances and arguments of these models are put together of."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.strategies.code import Arguments, Call, Chain, Name, Pairs, Slice, Step
from conformance.strategies.lookups import Condition, narrowings
from conformance.strategies.model_features.rows import key
from conformance.strategies.shapes import call, given, step

Drawn = st.SearchStrategy[Arguments]
Steps = tuple[Any, ...]
# The keys of the first two rows.
ONE, TWO = key(0), key(1)
# Parts of what is ordered; most are the whole.
CUT: tuple[Steps, ...] = ((), (), (Slice(None, 2),), (Slice(1, 3),), (Slice(0, 0),))
SAVING = (
    given(),
    given(force_insert=True),
    given(force_update=True),
    given(force_insert=True, force_update=True),
    given(update_fields=[]),
    given(update_fields=["nonsense"]),
    given(using="default"),
)


def objects(model: str, *steps: Any) -> Chain:
    """The manager, with steps after it."""
    return Chain(Name(f"{model}.objects"), steps)


def order(*fields: str) -> Steps:
    """An order by names."""
    return (Step("order_by", fields),)


def plans(
    model: str, conditions: tuple[Condition, ...], *parts: tuple[Steps, ...], wider: tuple[Condition, ...] = ()
) -> st.SearchStrategy[Chain]:
    """Narrowed by trees of conditions, or by one that many rows may fit; then one of each part."""
    narrowed = narrowings(st.sampled_from(conditions))
    if wider:
        narrowed |= st.sampled_from([(step("filter", **dict([each])),) for each in wider])
    return st.builds(
        lambda first, *rest: Chain(
            Name(f"{model}.objects"), (step("all"), *first, *(each for part in rest for each in part))
        ),
        narrowed,
        *map(st.sampled_from, parts),
    )


def simple_plans(model: str, *conditions: Condition) -> st.SearchStrategy[Chain]:
    """Rows of a model, narrowed and ordered by their keys."""
    return plans(model, conditions, (order("pk"), order("-pk")))


def fetched(model: str, *keys: Any, steps: Steps = ()) -> st.SearchStrategy[Chain]:
    """An instance of the rows."""
    return st.sampled_from([objects(model, *steps, step("get", pk=each)) for each in keys])


def made(model: str, *forms: dict[str, Any]) -> st.SearchStrategy[Call]:
    """An instance that is new."""
    return st.sampled_from([call(model, **each) for each in forms])


def changes(*forms: dict[str, Any]) -> st.SearchStrategy[Pairs]:
    """Attributes that are set before."""
    return st.sampled_from([tuple(each.items()) for each in forms])
