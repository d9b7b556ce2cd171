"""The driver's connection as one thread's own: what `connection.connection` is inside a sandbox."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from pytest_async_orm.drivers import calls
from pytest_async_orm.errors import UnsupportedConnection
from pytest_async_orm.messages import sandbox as messages
from pytest_async_orm.sharing.attributes import CONFIGURING, OF_TRANSACTIONS
from pytest_async_orm.sharing.cursors import VirtualCursor, cursor_over, in_turn
from pytest_async_orm.sharing.lease import Lease


def raw_connection(lease: Lease) -> Any:
    """What stands for the raw connection towards a lease's owner: the raw connection itself where nothing can."""
    raw = lease.shared.raw
    if lease.raw is raw and calls.can_be_stood_for(raw):
        lease.raw = RawConnection(lease, raw)
    return lease.raw


class InTurn:
    """Stands for an object of the driver's whose methods use the wire: each is called inside the turn."""

    _lease: Lease
    _raw: Any

    def __init__(self, lease: Lease, raw: Any) -> None:
        self.__dict__.update(_lease=lease, _raw=raw)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return type(self._raw)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._raw, name)
        if getattr(value, "__self__", None) is not self._raw or name.startswith("_"):
            return value
        return in_turn(self._lease, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._raw, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._raw, name)


class Blob(InTurn):
    """sqlite3's blob."""

    def __len__(self) -> int:
        return len(self._raw)

    def __getitem__(self, key: Any) -> Any:
        return self._lease.run(self._raw.__getitem__, "read", key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._lease.run(self._raw.__setitem__, "write", key, value)

    def __enter__(self) -> Blob:
        return self

    def __exit__(self, *details: object) -> None:
        self._lease.run(self._raw.close, "close")


class RawConnection(InTurn):
    """Stands for the driver's connection: its transaction is the lease's, its cursors are virtual, and all else that
    uses the wire does so inside the turn. It has the driver's names and no others.
    """

    def cursor(self, *args: Any, **options: Any) -> VirtualCursor:
        """The driver's cursor, made with the same arguments, as a virtual one."""
        return cursor_over(self._lease, self._lease.touch(self._raw.cursor, *args, **options))

    def __enter__(self) -> RawConnection:
        return self

    def __exit__(self, kind: type[BaseException] | None, *details: object) -> None:
        """Commit, or roll back after an error. The shared connection stays open, whatever the driver does."""
        self._lease.commit() if kind is None else self._lease.rollback()

    def __getattr__(self, name: str) -> Any:
        raw = self._raw
        value = getattr(raw, name)
        if name in _METHODS:
            return partial(_METHODS[name], self._lease, raw)
        if name in _STATE:
            return _STATE[name](self._lease, value)
        found = value if name in calls.LOCAL_TO_CONNECTIONS else super().__getattr__(name)
        return partial(_configure, name, found, self._lease, raw) if name in CONFIGURING else found

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "autocommit" and isinstance(value, bool):
            self._lease.set_autocommit(value)
        elif name == "isolation_level" and hasattr(self._raw, "total_changes"):
            # sqlite3: None is its autocommit, and commits.
            self._lease.set_autocommit(value is None)
        else:
            self._lease.shared.attributes.set(self._lease, name, value)


def _execute(lease: Lease, raw: Any, *args: Any, **options: Any) -> VirtualCursor:
    return _run_by_new_cursor(lease, raw.execute, calls.statement_of("execute", args, options), args, options)


def _executemany(lease: Lease, raw: Any, *args: Any, **options: Any) -> VirtualCursor:
    return _run_by_new_cursor(lease, raw.executemany, calls.statement_of("executemany", args, options), args, options)


def _run_by_new_cursor(lease: Lease, method: Any, what: object, args: Any, options: Any) -> VirtualCursor:
    def run(*args: Any, **options: Any) -> VirtualCursor:
        cursor = cursor_over(lease, method(*args, **options))
        cursor.drain_if_needed(what)
        return cursor

    made: VirtualCursor = lease.run(run, what, *args, **options)
    return made


def _executescript(lease: Lease, raw: Any, script: str) -> Any:
    return cursor_over(lease, lease.touch(raw.cursor)).executescript(script)


def _blobopen(lease: Lease, raw: Any, *args: Any, **options: Any) -> Blob:
    return Blob(lease, lease.run(raw.blobopen, "blobopen", *args, **options))


def _backup(lease: Lease, raw: Any, *args: Any, **options: Any) -> None:  # noqa: ARG001
    """sqlite3 tries again and again while the connection itself is in a transaction: refused rather than suffered."""
    raise UnsupportedConnection(messages.no_backup(lease.shared.test, lease.shared.alias))


def _commit(lease: Lease, raw: Any) -> None:  # noqa: ARG001
    lease.commit()


def _rollback(lease: Lease, raw: Any) -> None:  # noqa: ARG001
    lease.rollback()


def _begin(lease: Lease, raw: Any) -> None:  # noqa: ARG001
    lease.begin()


def _get_autocommit(lease: Lease, raw: Any) -> bool:  # noqa: ARG001
    return lease.autocommit


def _set_autocommit(lease: Lease, raw: Any, autocommit: bool) -> None:  # noqa: ARG001
    lease.set_autocommit(autocommit)


def _configure(name: str, method: Any, lease: Lease, raw: Any, *args: Any, **options: Any) -> Any:
    if name == "set_progress_handler":
        lease.shared.commits.give_up()
    undo = None
    # Arguments that do not fit are for the driver to refuse.
    with suppress(Exception):
        undo = CONFIGURING[name](raw, *args, **options)
    result = method(*args, **options)
    if undo is not None:
        lease.shared.attributes.will_undo(lease, undo)
    return result


def _set(name: str, lease: Lease, raw: Any, value: Any) -> None:  # noqa: ARG001
    lease.shared.attributes.set(lease, name, value)


def _of_transaction(name: str, lease: Lease, value: Any) -> Any:
    return lease.shared.attributes.of_transaction(lease, name, value)


def _autocommit(lease: Lease, value: Any) -> Any:
    """A method in PyMySQL and mysqlclient, an attribute in psycopg; sqlite3's -1 says that `isolation_level` tells."""
    if callable(value):
        return lease.set_autocommit
    return lease.autocommit if isinstance(value, bool) else value


_METHODS: dict[str, Callable[..., Any]] = {
    "backup": _backup,
    "begin": _begin,
    "blobopen": _blobopen,
    "commit": _commit,
    "execute": _execute,
    "executemany": _executemany,
    "executescript": _executescript,
    "get_autocommit": _get_autocommit,
    "rollback": _rollback,
    "set_autocommit": _set_autocommit,
    **{f"set_{name}": partial(_set, name) for name in OF_TRANSACTIONS},
}
_STATE: dict[str, Callable[[Lease, Any], Any]] = {
    "autocommit": _autocommit,
    "in_transaction": lambda lease, _: lease.in_transaction,
    **{name: partial(_of_transaction, name) for name in OF_TRANSACTIONS},
}
