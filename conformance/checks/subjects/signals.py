"""Signals: synchronous and asynchronous receivers, sent by both methods."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.checks.experiments import Sides
from conformance.checks.journal import Journal
from conformance.checks.outcomes import Absent
from conformance.checks.registry import register_experiment
from conformance.checks.stage import Stage
from conformance.checks.subjects.signals_plans import (
    SENDERS,
    Interruption,
    ReceiverPlan,
    Sending,
    sendings,
    source,
    vary_by,
)
from conformance.checks.twins import operation


def _function(plan: ReceiverPlan, name: str, journal: Journal, raised: type[BaseException]) -> Callable[..., Any]:
    def answer(number: int, more: dict[str, Any]) -> str:
        if plan.raises:
            raise raised(name)
        told = f"{more['sender'].__name__} by a {type(more['signal']).__name__}"
        return f"{name} got {number} and {more['text']} of {told}"

    def sync(number: int, **more: Any) -> str:
        journal.sync(name, number)
        return answer(number, more)

    async def asynchronous(number: int, **more: Any) -> str:
        journal.coroutine(name, number)
        if plan.kind == "pausing":
            await asyncio.sleep(0)
            journal.coroutine(f"{name} goes on")
        return answer(number, more)

    found = sync if plan.kind == "sync" else asynchronous
    found.__qualname__ = found.__name__ = name
    return found


class _Board:
    """A signal with its receivers, which it keeps alive; it calls the signal's methods."""

    def __init__(self, stage: Stage, example: Sending) -> None:
        from django.dispatch import Signal

        self.journal = Journal(stage.recorder)
        self.signal = Signal(use_caching=example.caching)
        raised = Interruption if example.interrupted else ValueError
        self._functions = [
            _function(plan, f"receiver_{number}", self.journal, raised) for number, plan in enumerate(example.receivers)
        ]
        for plan, function in zip(example.receivers, tuple(self._functions), strict=True):
            self._connect(plan, function)
        if example.caching:
            self.signal.has_listeners(SENDERS[example.sender])
        self._arguments = {"sender": SENDERS[example.sender], "number": example.number, "text": "a text"}

    def _connect(self, plan: ReceiverPlan, function: Callable[..., Any]) -> None:
        sender = SENDERS[plan.sender] if plan.sender else None
        self.signal.connect(function, sender=sender, weak=plan.held in ("weak", "gone"), dispatch_uid=function.__name__)
        # Connected twice, and known by its `dispatch_uid`: it is called once.
        self.signal.connect(function, sender=sender, weak=False, dispatch_uid=function.__name__)
        if plan.held == "disconnected":
            self.signal.disconnect(sender=sender, dispatch_uid=function.__name__)
        if plan.held in ("gone", "disconnected"):
            self._functions.remove(function)

    def send(self, name: str) -> Any:
        with self.journal.logging("django.dispatch"):
            try:
                return _answers(getattr(self.signal, name)(**self._arguments))
            except Interruption as interruption:
                return repr(interruption)

    async def asend(self, name: str) -> Any:
        with self.journal.logging("django.dispatch"):
            try:
                return _answers(await getattr(self.signal, name)(**self._arguments))
            except Interruption as interruption:
                return repr(interruption)


def _answers(responses: list[tuple[Any, Any]]) -> list[tuple[str, str]]:
    return [(receiver.__name__, repr(response)) for receiver, response in responses]


def expected(example: Sending, *, robust: bool) -> Any:
    """What the documentation says: synchronous receivers first, then the others, each in the order of connection."""
    called = _called(example)
    if example.interrupted:
        return repr(Interruption("receiver_0"))
    if not robust and any(plan.raises for plan in called.values()):
        return {"raises": "ValueError"}
    answer = f"got {example.number} and a text of {example.sender} by a Signal"
    return [(name, repr(ValueError(name) if plan.raises else f"{name} {answer}")) for name, plan in called.items()]


def _called(example: Sending) -> dict[str, ReceiverPlan]:
    """The receivers that must be called, by name, in the order in which they must be answered for."""
    called = {
        f"receiver_{number}": plan
        for number, plan in enumerate(example.receivers)
        if plan.sender in (None, example.sender) and plan.held in ("strong", "weak")
    }
    return dict(sorted(called.items(), key=lambda each: each[1].kind != "sync"))


def _raising(example: Sending) -> int:
    return sum(plan.raises for plan in _called(example).values())


def _modelled(example: Sending, *, robust: bool) -> tuple[Any, ...]:
    """Nothing where two receivers of one kind raise: no sentence says which exception, or whether a group of them."""
    return () if _raising(example) > 1 and not robust else (expected(example, robust=robust),)


def _twin(name: str) -> Callable[[Stage, Sending], Sides]:
    def prepare(stage: Stage, example: Sending) -> Sides:
        board = _Board(stage, example)
        declared = operation(stage, board.signal, name).declared
        return Sides(
            sync=lambda: board.send(name),
            asynchronous=lambda: board.asend(f"a{name}"),
            held=(board.journal.state,),
            declared=declared,
            model=_modelled(example, robust=name == "send_robust"),
        )

    return prepare


def _several_raise(stage: Stage, example: Sending) -> Sides:
    return replace(_twin("send")(stage, example), model=({"raises": "ValueError"},))


def _by_model(name: str) -> Callable[[Stage, Sending], Sides]:
    """`send` with asynchronous receivers, from a thread: what it gives against what the documentation says."""
    robust = name == "send_robust"

    def prepare(stage: Stage, example: Sending) -> Sides:
        from asgiref.sync import sync_to_async
        from django.dispatch import Signal

        if not hasattr(Signal, "asend"):
            raise Absent("Signal takes no asynchronous receivers")
        board = _Board(stage, example)
        return Sides(
            sync=lambda: _expected(example, robust=robust),
            asynchronous=lambda: sync_to_async(board.send)(name),
            model=_modelled(example, robust=robust),
        )

    return prepare


def _expected(example: Sending, *, robust: bool) -> Any:
    """The same, raised."""
    raising = [name for name, plan in _called(example).items() if plan.raises]
    if raising and not robust:
        raise ValueError(raising[0])
    return expected(example, robust=robust)


def _with_both(example: Sending) -> Sending:
    """An asynchronous receiver, and a synchronous one that raises."""
    both = ReceiverPlan("async", None, False, "strong"), ReceiverPlan("sync", None, True, "strong")
    return replace(example, receivers=(*example.receivers, *both))


def _one_kind_raises(example: Sending) -> bool:
    """No synchronous receiver raises among asynchronous ones, and of these one alone: those are other questions."""
    called = _called(example).values()
    if all(plan.kind == "sync" for plan in called):
        return True
    return _raising(example) < 2 and not any(plan.raises for plan in called if plan.kind == "sync")


def _both_raising(example: Sending) -> Sending:
    """Asynchronous receivers alone, none of which pauses, and two of which raise: the first is who raises first."""
    calm = [replace(plan, kind="async", raises=False) for plan in example.receivers]
    raising = ReceiverPlan("async", None, True, "strong")
    return replace(example, receivers=(raising, *calm, raising))


for _name in ("send", "send_robust"):
    register_experiment(
        f"signals.a{_name}",
        sendings().filter(_one_kind_raises) if _name == "send" else sendings(),
        _twin(_name),
        source(_name),
        vary=vary_by(_one_kind_raises if _name == "send" else lambda _: True),
    )
    register_experiment(
        f"signals.{_name}.async_receivers",
        sendings().filter(lambda example: _raising(example) < 2),
        _by_model(_name),
        source(_name),
    )
register_experiment("signals.asend.several_raise", sendings(2).map(_both_raising), _several_raise, source("send"))
register_experiment(
    "signals.asend.failing_among_async",
    sendings(2).map(_with_both).filter(lambda example: _raising(example) < 2),
    _twin("send"),
    source("send"),
)
