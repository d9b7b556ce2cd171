"""What a thread that waits for the turn knows: who has it, whether it can ever come, and for how long nothing moved."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from pytest_async_orm.clock import REAL
from pytest_async_orm.frames.blocked import Waits, path_between
from pytest_async_orm.frames.handoff import users_place
from pytest_async_orm.frames.stacks import is_alive, task_of
from pytest_async_orm.records import Participant

# How many time-outs a transaction may take that goes on sending statements: one that polls for a row of the waiter's
# would do so for ever.
_LONGEST = 6


class Holder(Protocol):
    """What the turn needs to know of a virtual connection's lease."""

    thread: threading.Thread
    """Whose transaction or long statement it is; else the thread that the connection was made for."""
    statements: int
    """How many statements of it are under way, one inside another. Changed under the queue's mutex alone."""
    lasting: bool
    """Whether a statement of it goes on while the application's code runs: COPY, a stream."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, which keeps the turn between statements."""

    def abandon(self) -> None:
        """Roll back what is open. Never raises."""


class Turn(Protocol):
    """What can be waited for: the queue of one connection."""

    alias: str

    @property
    def holder(self) -> Holder | None:
        """The lease that has the turn."""


class Patience:
    """How long a waiter has seen its queue stand still."""

    def __init__(self, timeout: float, moves: Callable[[], tuple[int, int]]) -> None:
        """`moves` tells how often the holder changed, and how often it ended a statement."""
        self._timeout = timeout
        self._moves = moves
        self._holders, self._ended = moves()
        self._since = self._since_holder = REAL.monotonic()

    def is_over(self) -> bool:
        """Whether nothing moved for one time-out, or one transaction went on for six."""
        now = REAL.monotonic()
        holders, ended = self._moves()
        if holders != self._holders:
            self._since_holder = self._since = now
        elif ended != self._ended:
            self._since = now
        self._holders, self._ended = holders, ended
        return now - self._since >= self._timeout or now - self._since_holder >= _LONGEST * self._timeout


# Which queue a thread waits in: for circles over several databases.
WAITING: dict[threading.Thread, Turn] = {}


def path_to_waiter(holder: Holder, waiter: threading.Thread) -> list[tuple[str, str]] | None:
    """How the holder waits for the waiter, the calling thread, if it cannot go on before it: see `path_between`."""
    if not (holder.in_transaction or holder.lasting):
        return None
    return path_between(holder.thread, waiter, _waits_in_queue)


def _waits_in_queue(thread: threading.Thread) -> Waits | None:
    queue = WAITING.get(thread)
    holder = queue.holder if queue is not None else None
    if queue is None or holder is None or not holder.in_transaction:
        return None
    return Waits([holder.thread], f"for the connection {queue.alias!r}, which is held by")


def is_dead(holder: Holder) -> bool:
    """Whether nobody will end what a lease has begun. One that a thread has left to another may still be in use."""
    return not is_alive(holder.thread) and (holder.lasting or not holder.statements)


def participant(lease: Holder) -> Participant:
    """What a report says of a lease: its thread, task, state, and the user's line with its stack."""
    thread = lease.thread
    place = users_place(thread)
    return Participant(thread.name, task_of(thread), lease.in_transaction, place.stack, line=str(place))
