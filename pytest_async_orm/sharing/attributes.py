"""What a thread sets on the driver's connection: its own until it closes it, and never a later test's."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

# psycopg sends them with the BEGIN of its next transaction, and the one that is shared has begun or begins with them.
OF_TRANSACTIONS = frozenset({"deferrable", "isolation_level", "read_only"})
_MISSING = object()


class Attributes:
    """The attributes of one shared connection that its leases have set."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._before: dict[str, tuple[Any, Any]] = {}
        self._of_transactions: dict[Any, dict[str, Any]] = {}

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
        for name in [name for name, (owner, _) in self._before.items() if owner is lease]:
            self._put_back(name)

    def finish(self) -> None:
        """Put back everything: the test is over."""
        for name in list(self._before):
            self._put_back(name)

    def _put_back(self, name: str) -> None:
        _, before = self._before.pop(name)
        # A driver's connection that is closed may refuse.
        with suppress(Exception):
            delattr(self._raw, name) if before is _MISSING else setattr(self._raw, name, before)
