"""Where a defect goes in an entry that is about no single method: around its whole asynchronous side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

from conformance.defects.places import Place


def on_side(entry: str, put_in: Callable[[Place], None]) -> None:
    """Call `put_in` with a place that stands for the entry's asynchronous side, each time that it is made ready."""
    from conformance.checks.registry import experiment_for
    from conformance.checks.witness import Witness

    real = Witness.pair

    def pair(self: Witness, experiment: Any, example: Any, conditions: Any) -> Any:
        chosen = _with(experiment, put_in) if experiment is experiment_for(entry) else experiment
        return real(self, chosen, example, conditions)

    Witness.pair = pair  # type: ignore[method-assign]


def _with(experiment: Any, put_in: Callable[[Place], None]) -> Any:
    def prepare(stage: Any, example: Any) -> Any:
        sides = experiment.prepare(stage, example)

        async def aside() -> Any:
            return await sides.asynchronous()

        module: Any = ModuleType("side")
        module.side, module.aside = sides.sync, aside
        put_in(Place(module, "aside", "side"))
        return replace(sides, asynchronous=lambda: module.aside())

    return replace(experiment, prepare=prepare)
