"""What receivers of a signal set in context variables, and what of it the caller sees."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import product
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.registry import register_experiment
from conformance.checks.stage import Stage
from conformance.strategies import NO_ROWS, Rows

# One for each receiver: of two that set the same, which was last is another question.
_MOST = 3
VARIABLES: tuple[ContextVar[str], ...] = tuple(ContextVar(f"variable_{number}") for number in range(_MOST))
_KINDS = ("sync", "async", "pausing")


@dataclass(frozen=True)
class Setting:
    """The receivers' kinds; whether the caller has set the variables before, and whether the last receiver raises.

    A receiver that pauses sets its variable then, unless another raises, which ends the pause.
    """

    method: str
    kinds: tuple[str, ...]
    before: bool
    raises: bool
    rows: Rows = NO_ROWS


def _possible(example: Setting) -> bool:
    """Whether asynchronous receivers are called where a synchronous one raises has an entry of its own."""
    return not example.raises or example.kinds[-1] != "sync" or set(example.kinds) == {"sync"}


_CASES = tuple(
    found
    for number in range(1, _MOST + 1)
    for kinds in product(_KINDS, repeat=number)
    for found in (Setting(*each) for each in product(("send", "send_robust"), (kinds,), (False, True), (False, True)))
    if _possible(found)
)


def _receiver(kind: str, variable: ContextVar[str], after: bool, raises: bool) -> Callable[..., Any]:
    def sync(**_: Any) -> None:
        variable.set("set by the receiver")
        if raises:
            raise ValueError(variable.name)

    async def asynchronous(**_: Any) -> None:
        if kind == "pausing" and after:
            await asyncio.sleep(0)
        sync()

    return sync if kind == "sync" else asynchronous


def _signal(example: Setting, kinds: tuple[str, ...]) -> Any:
    from django.dispatch import Signal

    signal = Signal()
    last = len(kinds) - 1
    for number, kind in enumerate(kinds):
        raises = example.raises and number == last
        signal.connect(_receiver(kind, VARIABLES[number], not example.raises, raises), weak=False)
    return signal


def _prepare(stage: Stage, example: Setting) -> Sides:
    first, second = _signal(example, ("sync",) * len(example.kinds)), _signal(example, example.kinds)
    send, asend = stage.adapter.sync(first, example.method), stage.adapter.asynchronous(second, example.method)

    def sync() -> Any:
        _before(example)
        try:
            send(None)
        except ValueError as error:
            return [_seen(example), str(error)]
        return [_seen(example)]

    async def asynchronous() -> Any:
        _before(example)
        try:
            await asend(None)
        except ValueError as error:
            return [_seen(example), str(error)]
        return [_seen(example)]

    raised = [VARIABLES[len(example.kinds) - 1].name] if example.raises and example.method == "send" else []
    return Sides(sync, asynchronous, model=([["set by the receiver"] * len(example.kinds), *raised],))


def _before(example: Setting) -> None:
    for variable in VARIABLES[: len(example.kinds)]:
        variable.set("set by the caller" if example.before else "")


def _seen(example: Setting) -> list[str]:
    return [variable.get() for variable in VARIABLES[: len(example.kinds)]]


def _source(example: Setting) -> tuple[str, str]:
    lines = [f"signal, variables = Signal(), [ContextVar(str(n)) for n in range({len(example.kinds)})]"]
    if example.before:
        lines.append('[variable.set("set by the caller") for variable in variables]')
    last = len(example.kinds) - 1

    def receivers(kinds: tuple[str, ...]) -> list[str]:
        return [
            line
            for number, kind in enumerate(kinds)
            for line in _receiver_source(
                number, kind, raises=example.raises and number == last, after=not example.raises
            )
        ]

    sync = receivers(("sync",) * len(example.kinds))
    seen = "[variable.get() for variable in variables]"
    return (
        "\n".join([*lines, *sync, f"signal.{example.method}(None)", seen]),
        "\n".join([*lines, *receivers(example.kinds), f"await signal.a{example.method}(None)", seen]),
    )


def _receiver_source(number: int, kind: str, *, raises: bool, after: bool) -> list[str]:
    return [
        f"{'def' if kind == 'sync' else 'async def'} receiver_{number}(**kwargs):",
        *(["    await asyncio.sleep(0)"] if kind == "pausing" and after else []),
        f'    variables[{number}].set("set by the receiver")',
        *([f'    raise ValueError("variable_{number}")'] if raises else []),
        f"signal.connect(receiver_{number}, weak=False)",
    ]


register_experiment("signals.asend.context", st.sampled_from(_CASES), _prepare, _source)
