"""One observation a side, and the two sides of one example."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# Table by table the committed rows; None where neither side sent a statement that could write.
Snapshot = dict[str, list[tuple[Any, ...]]]
# Behind the name of a related object that an instance keeps, though its column names another.
STALE = " (another than its column says)"


@dataclass(frozen=True)
class Raised:
    """An exception: its type's qualified name, its message, the types that it names as its cause, outermost first.

    `usable` says that the connection answered a query afterwards.
    """

    type: str
    message: str
    causes: tuple[str, ...] = ()
    usable: bool = True

    def __str__(self) -> str:
        return f"{self.type.rpartition('.')[2]}: {self.message}"


@dataclass(frozen=True)
class Sent:
    """A statement as Django handed it to the driver; `sql` has no names that differ from run to run.

    `thread` is a role: `caller` (the thread that the call was made on), `sensitive` (the one that asgiref gives to
    thread-sensitive code), `event loop`, or `other`. `context` is what the caller's context variable was. `chunk` is
    how many rows were read at a time, None for all at once; `failed` says that the driver raised an error.
    """

    sql: str
    params: Any
    alias: str = "default"
    many: bool = False
    in_atomic_block: bool = False
    thread: str = "caller"
    context: int | None = None
    chunk: int | None = None
    failed: bool = False


@dataclass(frozen=True)
class SignalSent:
    """A signal with its sender's label and its arguments as plain values."""

    name: str
    sender: str
    arguments: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Leftovers:
    """What a call left behind.

    `connections` counts those that it opened and did not close, beyond the one that asgiref's thread keeps;
    `in_transaction` and `cursors` name aliases, `receivers` the signals that have more receivers than before; `tasks`,
    `never_awaited`, `unraisable`, `warnings` and `logged`, what Django logged of level WARNING or above, are texts.
    """

    connections: int = 0
    in_transaction: tuple[str, ...] = ()
    cursors: tuple[str, ...] = ()
    receivers: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    never_awaited: tuple[str, ...] = ()
    unraisable: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    logged: tuple[str, ...] = ()


@dataclass(frozen=True)
class Observation:
    """What one side gave, did and left; all of it plain values.

    `value` is None where it raised. `state` is that of the objects which the caller still holds. `context` is the
    caller's context variable afterwards: every statement, receiver and overriding method adds one to it. `hops` counts
    hand-overs from the loop to a thread. `blocking` says what waited or worked on the loop's thread. `overridden`
    counts the calls of a method that a subclass overrides, None where none was overridden.
    """

    value: Any = None
    type: str = "NoneType"
    error: Raised | None = None
    statements: tuple[Sent, ...] = ()
    signals: tuple[SignalSent, ...] = ()
    state: Any = ()
    committed: Snapshot | None = None
    context: int | None = None
    hops: int = 0
    blocking: tuple[str, ...] = ()
    leftovers: Leftovers = field(default_factory=Leftovers)
    overridden: int | None = None

    @property
    def sql(self) -> list[str]:
        """The texts of the statements, in the order in which they were sent."""
        return [statement.sql for statement in self.statements]


@dataclass(frozen=True)
class Declaration:
    """How a callable is declared: parameters as (name, kind, default), and marks.

    `kind` is one of `coroutine function`, `async generator`, `function`.
    """

    parameters: tuple[tuple[str, str, str], ...] = ()
    kind: str = "function"
    alters_data: bool = False
    queryset_only: bool | None = None
    documented: bool = True


@dataclass(frozen=True)
class Cancellation:
    """A call that was cancelled while its first statement ran: what it raised, and what is committed in the end."""

    raised: str
    later: Snapshot
    in_transaction: tuple[str, ...] = ()
    usable: bool = True


@dataclass(frozen=True)
class Pair:
    """The two sides of one example, and what more is known of it.

    `before` is what was committed when each side began. `model` is what a reference model says that the value is, as a
    tuple of one; empty where it says nothing.
    """

    sync: Observation
    asynchronous: Observation
    before: Snapshot | None = None
    model: tuple[Any, ...] = ()
    declared: tuple[Declaration, Declaration] | None = None
    cancelled: Cancellation | None = None
    # What a reference model says is committed afterwards.
    left: Snapshot | None = None
    # The only columns that it lets an UPDATE set; None where it says nothing.
    columns: frozenset[str] | None = None
    # The only alias that it lets statements be sent to; empty where it says nothing.
    alias: str = ""
