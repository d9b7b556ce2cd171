"""Signals: synchronous and asynchronous receivers, sent by both methods."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.journal import Journal
from conformance.checks.outcomes import Absent
from conformance.checks.registry import register_experiment
from conformance.checks.stage import Stage
from conformance.checks.twins import operation
from conformance.strategies import NO_ROWS, Rows


@dataclass(frozen=True)
class ReceiverPlan:
    """A receiver: `sync`, `async` or `pausing` (async, and gives up the loop first).

    `sender` is the sender that it is connected to, or None for all. It `raises`, or answers. `held` is strong, weak
    (and still there), gone (weak, and no longer there) or disconnected.
    """

    kind: str
    sender: str | None
    raises: bool
    held: str


@dataclass(frozen=True)
class Sending:
    """Receivers in the order in which they are connected, the sender, and an argument.

    Where it is `interrupted`, receivers raise what is no `Exception`, and no method may catch that.
    """

    receivers: tuple[ReceiverPlan, ...]
    sender: str
    number: int
    caching: bool
    interrupted: bool = False
    rows: Rows = NO_ROWS


class Interruption(BaseException):
    """As `asyncio.CancelledError`: it ends more than the receiver that raises it."""


class Sender:
    """What a receiver may be connected to."""


SENDERS = {"A": type("A", (Sender,), {}), "B": type("B", (Sender,), {})}


_KINDS = ("sync", "async", "pausing")


def _receivers(most: int) -> st.SearchStrategy[tuple[ReceiverPlan, ...]]:
    calm = [ReceiverPlan(*each) for each in product(_KINDS, (None, "A", "B"), (False,), ("strong", "weak"))]
    gone = [ReceiverPlan(*each) for each in product(_KINDS, (None, "A"), (False,), ("gone", "disconnected"))]
    raising = [ReceiverPlan(*each) for each in product(_KINDS, (None, "A"), (True,), ("strong",))]
    return st.lists(st.sampled_from([*calm, *gone, *raising]), max_size=most).map(tuple)


def _sendings(most: int = 4) -> st.SearchStrategy[Sending]:
    return st.builds(Sending, _receivers(most), st.sampled_from("AB"), st.integers(0, 3), st.booleans())


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


# One of each kind, alone: which of several go on is another question.
_INTERRUPTED = tuple(
    Sending((ReceiverPlan(kind, None, True, "strong"),), "A", 1, caching=False, interrupted=True) for kind in _KINDS
)


def _plan(kind: str, sender: str | None = None, held: str = "strong", *, raises: bool = False) -> ReceiverPlan:
    return ReceiverPlan(kind, sender, raises, held)


# Each branch of the methods, and what is next to it: what is drawn may miss some.
_KNOWN = (
    Sending(
        (_plan("async"), _plan("sync"), _plan("pausing", "A"), _plan("sync", "A"), _plan("sync", "B")), "A", 1, True
    ),
    Sending((_plan("sync", raises=True), _plan("sync")), "A", 2, caching=False),
    Sending((_plan("async"), _plan("pausing", raises=True)), "A", 3, caching=False),
    Sending((_plan("async", "B"), _plan("sync", "B")), "A", 1, caching=True),
    Sending((_plan("sync", raises=True), _plan("async"), _plan("sync")), "B", 1, caching=False),
    Sending((_plan("sync", held="weak"), _plan("async", held="weak"), _plan("async", held="gone")), "A", 0, True),
    Sending((_plan("pausing", raises=True),), "A", 2, caching=True),
    Sending((_plan("async", raises=True), _plan("async"), _plan("sync")), "A", 1, caching=False),
    Sending((), "A", 1, caching=True),
    *_INTERRUPTED,
)


def _vary_by(allowed: Callable[[Sending], bool]) -> Callable[[Sending, int], Sending]:
    """Every other example is one of the known, until all were shown."""
    known = [each for each in _KNOWN if allowed(each)]

    def vary(example: Sending, turn: int) -> Sending:
        return known[turn // 2] if turn % 2 == 0 and turn // 2 < len(known) else example

    return vary


def _source(method: str) -> Callable[[Sending], tuple[str, str]]:
    def source(example: Sending) -> tuple[str, str]:
        lines = ["signal = Signal(use_caching=True)" if example.caching else "signal = Signal()"]
        for number, plan in enumerate(example.receivers):
            lines += _receiver_source(
                f"receiver_{number}", plan, "BaseException" if example.interrupted else "ValueError"
            )
        call = f'{method}({example.sender}, number={example.number}, text="a text")'
        return "\n".join([*lines, f"signal.{call}"]), f"await signal.a{call}"

    return source


def _receiver_source(name: str, plan: ReceiverPlan, raised: str) -> list[str]:
    define = "def" if plan.kind == "sync" else "async def"
    pause = ["    await asyncio.sleep(0)"] if plan.kind == "pausing" else []
    end = f'    raise {raised}("{name}")' if plan.raises else "    return number, kwargs"
    weak = plan.held in ("weak", "gone")
    lines = [f"{define} {name}(number, **kwargs):", *pause, end]
    lines.append(f'signal.connect({name}, sender={plan.sender}, weak={weak}, dispatch_uid="{name}")')
    if plan.held == "gone":
        lines.append(f"del {name}")
    if plan.held == "disconnected":
        lines.append(f'signal.disconnect(sender={plan.sender}, dispatch_uid="{name}")')
    return lines


def _with_both(example: Sending) -> Sending:
    """An asynchronous receiver, and a synchronous one that raises."""
    both = ReceiverPlan("async", None, False, "strong"), ReceiverPlan("sync", None, True, "strong")
    return replace(example, receivers=(*example.receivers, *both))


def _one_kind_raises(example: Sending) -> bool:
    """No synchronous receiver raises among asynchronous ones: whether these are called is another question."""
    called = _called(example).values()
    return not any(plan.raises for plan in called if plan.kind == "sync") or all(plan.kind == "sync" for plan in called)


for _name in ("send", "send_robust"):
    register_experiment(
        f"signals.a{_name}",
        _sendings().filter(_one_kind_raises) if _name == "send" else _sendings(),
        _twin(_name),
        _source(_name),
        vary=_vary_by(_one_kind_raises if _name == "send" else lambda _: True),
    )
    register_experiment(
        f"signals.{_name}.async_receivers",
        _sendings().filter(lambda example: _raising(example) < 2),
        _by_model(_name),
        _source(_name),
    )
register_experiment(
    "signals.asend.failing_among_async",
    _sendings(2).map(_with_both).filter(lambda example: _raising(example) < 2),
    _twin("send"),
    _source("send"),
)
