"""`abulk_update` of one field, against `update` of the same: whatever the value, the same is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.registry import register_experiment
from conformance.checks.seed import key
from conformance.checks.stage import Stage
from conformance.strategies import Rows
from conformance.strategies.others import VALUES
from conformance.strategies.rows import specimen_rows


@dataclass(frozen=True)
class Change:
    """A field of the first specimen, and its new value."""

    rows: Rows
    field: str
    value: Any


def _sides(stage: Stage, example: Change) -> Sides:
    from sample_app.models import Specimen

    found = Specimen.objects.filter(pk=key(0))
    asynchronous: Any = stage.adapter.asynchronous(Specimen.objects, "bulk_update")

    async def bulk() -> Any:
        return await asynchronous([Specimen(pk=key(0), **{example.field: example.value})], [example.field])

    return Sides(lambda: found.update(**{example.field: example.value}), bulk)


def _source(example: Change) -> tuple[str, str]:
    new = f"{example.field}={example.value!r}"
    changed = f"[Specimen(pk={key(0)}, {new})], [{example.field!r}]"
    return f"Specimen.objects.filter(pk={key(0)}).update({new})", f"await Specimen.objects.abulk_update({changed})"


register_experiment(
    "fields.abulk_update.as_update",
    st.builds(
        lambda rows, change: Change(rows, *change),
        specimen_rows(1),
        st.sampled_from([(name, value) for name, pool in VALUES.items() for value in pool]),
    ),
    _sides,
    _source,
)
