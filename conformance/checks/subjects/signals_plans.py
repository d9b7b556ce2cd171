"""Which receivers a signal has, and what is sent: drawn, known from faults that were found, and printed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

from hypothesis import strategies as st

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


KINDS = ("sync", "async", "pausing")


def _receivers(most: int) -> st.SearchStrategy[tuple[ReceiverPlan, ...]]:
    calm = [ReceiverPlan(*each) for each in product(KINDS, (None, "A", "B"), (False,), ("strong", "weak"))]
    gone = [ReceiverPlan(*each) for each in product(KINDS, (None, "A"), (False,), ("gone", "disconnected"))]
    raising = [ReceiverPlan(*each) for each in product(KINDS, (None, "A"), (True,), ("strong",))]
    return st.lists(st.sampled_from([*calm, *gone, *raising]), max_size=most).map(tuple)


def sendings(most: int = 4) -> st.SearchStrategy[Sending]:
    """With up to so many receivers."""
    return st.builds(Sending, _receivers(most), st.sampled_from("AB"), st.integers(0, 3), st.booleans())


# One of each kind, alone: which of several go on is another question.
_INTERRUPTED = tuple(
    Sending((ReceiverPlan(kind, None, True, "strong"),), "A", 1, caching=False, interrupted=True) for kind in KINDS
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


def vary_by(allowed: Callable[[Sending], bool]) -> Callable[[Sending, int], Sending]:
    """Every other example is one of the known, until all were shown."""
    known = [each for each in _KNOWN if allowed(each)]

    def vary(example: Sending, turn: int) -> Sending:
        return known[turn // 2] if turn % 2 == 0 and turn // 2 < len(known) else example

    return vary


def source(method: str) -> Callable[[Sending], tuple[str, str]]:
    """Prints a signal, its receivers and a call of its method, of both sides."""

    def printed(example: Sending) -> tuple[str, str]:
        lines = ["signal = Signal(use_caching=True)" if example.caching else "signal = Signal()"]
        for number, plan in enumerate(example.receivers):
            lines += _receiver_source(
                f"receiver_{number}", plan, "BaseException" if example.interrupted else "ValueError"
            )
        call = f'{method}({example.sender}, number={example.number}, text="a text")'
        return "\n".join([*lines, f"signal.{call}"]), f"await signal.a{call}"

    return printed


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
