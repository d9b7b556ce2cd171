"""Facts of connections, of leaks, and of what a server says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pytest_async_orm.records.source_line import SourceLine

LeakKind = Literal[
    "orphaned",
    "lingering",
    "in transaction",
    "pool slot not returned",
    "cursor left open",
    "async generator left open",
    "executor never shut down",
    "ORM coroutine never awaited",
]

Cause = Literal["", "own", "loop", "client", "response", "pool", "thread"]
"""Whose what was left open is: a copy or another handler's; a task's; of a request that the test's client sent on a
thread; of a streamed response that the test did not read to its end; of a pool's thread; of a thread of its own."""


@dataclass(frozen=True)
class ConnectionRecord:
    """One opened connection: a fact of the moment at which the ledger was asked."""

    alias: str
    vendor: str
    """Django's name of the backend: `sqlite`, `postgresql`, `mysql`, ..."""
    opened_by: str | None
    """The test's id; None for what the session itself opened (fixtures of wider scope, pytest-django)."""
    opened_at: SourceLine
    """The innermost line of the user's code, with the whole stack in `.stack`."""
    thread_name: str
    """The thread that opened it."""
    thread_alive: bool
    task_name: str | None
    """The asyncio task that opened it, or for which a thread did; None if no task is known."""
    in_transaction: bool
    """Whether a transaction is open on it, or was when the plugin closed it."""
    from_pool: bool
    """Whether it is a slot of a psycopg pool."""
    closed_at: SourceLine | None
    """The line that closed it; None while it is open. Empty if the garbage collector did."""
    open_cursors: int
    """Cursors that the user's code opened, by hand or by `iterator()`, and that are neither closed nor collected."""
    opened_time: float
    """Seconds since the epoch, as `closed_time`."""
    closed_time: float | None
    virtual: bool
    """A sandbox's connection: in production it would be one of its own."""
    owned: bool
    """pytest-django's, the plugin's or asgiref's: the main thread's and that of asgiref's single executor thread."""


@dataclass(frozen=True)
class Leak:
    """Something of the database that a test, or the session, left open."""

    kind: LeakKind
    opened_at: SourceLine
    """The user's line that opened or made it; empty if no line of the user's is known."""
    test: str | None
    """The test's id; None for the session."""
    alias: str
    """Empty for a coroutine; the pool's name for a slot that was taken by hand."""
    vendor: str
    thread_name: str
    """Empty if no thread is known."""
    task_name: str | None
    remedy: str
    """What to do about it, in whole sentences."""
    allowed: str | None = None
    """The reason of the marker `allow_connection_leaks`, if the test has it."""


@dataclass(frozen=True)
class Census:
    """What the ledger and the database's server say of one database, at one moment."""

    alias: str
    ledger: int
    """Real connections, not virtual ones, that the ledger holds for open."""
    server: int | None
    """Those of the ledger's that the server sees; None if it cannot be asked."""
    strangers: int
    """Connections to the same database of which the ledger knows nothing: other processes, bare drivers."""
    disagreement: str
    """Empty if both agree."""
    cannot_see: str
    """Why the server cannot be asked; empty if it can."""


@dataclass(frozen=True)
class Counts:
    """Open connections around a block: `after` is `before` with what leaks, less `gone` and `closed`, and `kept`."""

    before: int
    after: int
    gone: int = 0
    """Of those that leak: no longer open, since what held them has ended."""
    kept: int = 0
    """Opened in the block, and asgiref's or the plugin's to close."""
    closed: int = 0
    """Of those before the block: closed in it."""
