"""The code of the synthetic entries: a worker imports it by its name."""

from __future__ import annotations

import os
import threading
from typing import Any

from hypothesis import strategies as st

from conformance.checks import Absent, Refused, Silent, Stage, Wrong
from conformance.checks.registry import register
from conformance.requirements import FLAGS

_ANYTHING = st.integers(0, 3)
_FIRST: list[object] = []


def _no_database_has_this(_: Any) -> bool:
    """The database can do what none can."""
    return False


FLAGS["impossible"] = _no_database_has_this


@register("truth.passes", "result", _ANYTHING)
def _passes(stage: Stage, example: int) -> None: ...


@register("truth.vacuous", "result", _ANYTHING)
def _vacuous(stage: Stage, example: int) -> None: ...


@register("truth.lacks", "result", _ANYTHING)
def _lacks(stage: Stage, example: int) -> None: ...


@register("truth.depends", "result", _ANYTHING)
def _depends(stage: Stage, example: int) -> None: ...


@register("truth.silent", "result", _ANYTHING)
def _silent(stage: Stage, example: int) -> None:
    raise Silent("a row was lost", expected=1, observed=0)


@register("truth.fails", "result", _ANYTHING)
def _fails(stage: Stage, example: int) -> None:
    raise Wrong("an extra query", expected=1, observed=2)


@register("truth.refuses", "result", _ANYTHING)
def _refuses(stage: Stage, example: int) -> None:
    raise Refused("not from a coroutine")


@register("truth.absent", "result", _ANYTHING)
def _absent(stage: Stage, example: int) -> None:
    raise Absent("there is no such method")


@register("truth.flips", "result", _ANYTHING)
def _flips(stage: Stage, example: int) -> None:
    """Fail throughout the first attempt, and pass in the second."""
    _FIRST.append(stage.evidence)
    if stage.evidence is _FIRST[0]:
        raise Wrong("only now", expected=1, observed=2)


@register("truth.breaks", "result", _ANYTHING)
def _breaks(stage: Stage, example: int) -> None:
    raise ZeroDivisionError("a mistake in the check itself")


@register("truth.hangs", "result", _ANYTHING)
def _hangs(stage: Stage, example: int) -> None:
    threading.Event().wait()


@register("truth.dies", "result", _ANYTHING)
def _dies(stage: Stage, example: int) -> None:
    os._exit(7)
