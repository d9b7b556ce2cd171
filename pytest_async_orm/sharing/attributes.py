"""What a thread sets on the driver's connection: its own until it closes it, and never a later test's."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

# psycopg sends them with the BEGIN of its next transaction, and the one that is shared has begun or begins with them.
OF_TRANSACTIONS = frozenset({"deferrable", "isolation_level", "read_only"})
_MISSING = object()


def _to(name: str, *args: Any) -> Callable[..., Callable[[], Any]]:
    """What is undone by a call with other arguments."""
    return lambda raw, *_given, **_options: lambda: getattr(raw, name)(*args)


def _allow(*_: object) -> int:
    # Python 3.10 takes no None for it.
    return 0


def _limit(raw: Any, category: int, *_given: Any) -> Callable[[], Any]:
    before = raw.getlimit(category)
    return lambda: raw.setlimit(category, before)


# Methods by which a driver's connection is told how to work, each with what undoes a call: it is asked before the call.
# None of them sends anything.
CONFIGURING: dict[str, Callable[..., Callable[[], Any]]] = {
    "add_notice_handler": lambda raw, handler: lambda: raw.remove_notice_handler(handler),
    "add_notify_handler": lambda raw, handler: lambda: raw.remove_notify_handler(handler),
    "set_authorizer": _to("set_authorizer", _allow),
    "set_progress_handler": _to("set_progress_handler", None, 0),
    "set_trace_callback": _to("set_trace_callback", None),
    "setlimit": _limit,
}


class Attributes:
    """The attributes of one shared connection that its leases have set."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._before: dict[str, tuple[Any, Any]] = {}
        self._of_transactions: dict[Any, dict[str, Any]] = {}
        self._undoing: list[tuple[Any, Callable[[], Any]]] = []

    def set(self, lease: Any, name: str, value: Any) -> None:
        """Set one: everybody's as long as the lease is open, but what is a transaction's. Raises what the driver
        raises.
        """
        if name in OF_TRANSACTIONS and self.keeps_apart:
            self._set_of_transaction(lease, name, value)
            return
        before = self._before.get(name, (lease, getattr(self._raw, name, _MISSING)))
        setattr(self._raw, name, value)
        self._before[name] = (lease, before[1])

    @property
    def keeps_apart(self) -> bool:
        """Whether the driver has attributes for its transactions: psycopg 3 has."""
        return hasattr(self._raw, "pgconn")

    def _set_of_transaction(self, lease: Any, name: str, value: Any) -> None:
        if lease.in_transaction:
            raise self._raw.ProgrammingError(f"can't change {name!r} now: connection in transaction status INTRANS")
        self._of_transactions.setdefault(lease, {})[name] = value

    def will_undo(self, lease: Any, undo: Callable[[], Any]) -> None:
        """Remember what undoes a call of a lease's."""
        self._undoing.append((lease, undo))

    def of_transaction(self, lease: Any, name: str, value: Any) -> Any:
        """What the lease has set, else the driver's value."""
        return self._of_transactions.get(lease, {}).get(name, value)

    def begin(self, lease: Any) -> None:
        """After the savepoint that is a transaction's beginning: transactions come one at a time anyway, as at any
        level of isolation, and one that only reads writes nothing. The database takes it back with the savepoint.
        """
        if self._of_transactions.get(lease, {}).get("read_only"):
            lease.shared.dialect.send("SET TRANSACTION READ ONLY")

    def close(self, lease: Any) -> None:
        """Put back what a lease has set: its connection is gone."""
        self._of_transactions.pop(lease, None)
        self._undo([one for one in self._undoing if one[0] is lease])
        for name in [name for name, (owner, _) in self._before.items() if owner is lease]:
            self._put_back(name)

    def finish(self) -> None:
        """Put back everything: the test is over."""
        self._undo(self._undoing)
        for name in list(self._before):
            self._put_back(name)

    def _undo(self, calls: list[tuple[Any, Callable[[], Any]]]) -> None:
        """The last call first."""
        self._undoing = [one for one in self._undoing if one not in calls]
        for _, undo in reversed(calls):
            with suppress(Exception):
                undo()

    def _put_back(self, name: str) -> None:
        _, before = self._before.pop(name)
        # A driver's connection that is closed may refuse.
        with suppress(Exception):
            delattr(self._raw, name) if before is _MISSING else setattr(self._raw, name, before)
