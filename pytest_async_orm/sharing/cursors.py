"""Cursors of virtual connections: every use of the raw cursor's wire happens inside the turn."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pytest_async_orm.drivers import calls
from pytest_async_orm.drivers.statements import control_word, script_parts
from pytest_async_orm.errors import TransactionLost
from pytest_async_orm.messages import sandbox as messages
from pytest_async_orm.sharing.lease import Lease

_NO_ROW = object()
_OWN = frozenset({"_lease", "_raw", "_named", "_drained"})


def cursor_over(lease: Lease, raw: Any) -> VirtualCursor:
    """A virtual cursor over a cursor that the raw connection made."""
    return VirtualCursor(lease, raw, named=calls.asks_server(raw))


class VirtualCursor:
    """Stands for the driver's cursor: each of its attributes can be read and set, each call takes the same arguments.

    `isinstance` takes it for the driver's too. Functions in C that want the driver's own class do not.
    """

    _lease: Lease
    _raw: Any
    _named: bool
    _drained: deque[Any] | None

    def __init__(self, lease: Lease, raw: Any, *, named: bool) -> None:
        """`named`: it is a cursor of the server's, which is asked for each batch: its fetches can fail."""
        # `_drained` are rows that had to be fetched at once: what is left of them.
        self.__dict__.update(_lease=lease, _raw=raw, _named=named, _drained=None)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return type(self._raw)

    @property
    def connection(self) -> Any:
        """What the driver's cursor gives: its connection, as this lease's."""
        connection = self._raw.connection
        return self._lease.raw if connection is self._lease.shared.raw else connection

    def execute(self, *args: Any, **options: Any) -> Any:
        """As the driver's; where Django begins a transaction by a statement, begin the lease's."""
        lease = self._lease
        if lease.begins:
            lease.begins = False
            lease.begin()
            return self
        if self._drained is not None:
            self._drained = None
        what = args[0] if args else calls.statement_of("execute", args, options)
        result = lease.run(self._execute, what, *args, **options)
        return self if result is self._raw else result

    def _execute(self, *args: Any, **options: Any) -> Any:
        raw = self._raw
        result = raw.execute(*args, **options)
        what = args[0] if args else calls.statement_of("execute", args, options)
        if self._lease.shared.dialect.must_drain(what, raw):
            self._drained = deque(raw.fetchall())
        return result

    def drain_if_needed(self, what: object) -> None:
        """Fetch all rows of the statement that was just run, where another thread's could not follow otherwise."""
        if self._lease.shared.dialect.must_drain(what, self._raw):
            self._drained = deque(self._raw.fetchall())

    def executemany(self, *args: Any, **options: Any) -> Any:
        """As the driver's."""
        what = calls.statement_of("executemany", args, options)
        return self._returned(self._lease.run(self._raw.executemany, what, *args, **options))

    def _returned(self, result: Any) -> Any:
        return self if result is self._raw else result

    def _executescript(self, script: str) -> Any:
        """sqlite3's, statement by statement, since the driver's commits first. Its BEGIN and COMMIT are the virtual
        connection's. Raises TransactionLost in a transaction, which it would commit.
        """
        shared, lease = self._lease.shared, self._lease
        if lease.in_transaction:
            raise TransactionLost(messages.implicit_commit(shared.test, shared.alias, "executescript()"))
        control = {"BEGIN": lease.begin, "COMMIT": lease.commit, "ROLLBACK": lease.rollback}
        for part in script_parts(script):
            word = control_word(part)
            control[word]() if word in control else self.execute(part)
        return self

    def close(self) -> None:
        """Close now if the turn is free, else when it is: a generator's end or the garbage collector may call from
        anywhere.
        """
        self._lease.shared.close_cursor(self._lease, self._raw)

    def __iter__(self) -> Iterator[Any]:
        if self._drained is not None:
            return iter(self.fetchone, None)
        return self._batches() if self._named else self._rows_left()

    def _rows_left(self) -> Iterator[Any]:
        rows = self._lease.touch(iter, self._raw)
        while (row := self._lease.touch(next, rows, _NO_ROW)) is not _NO_ROW:
            yield row

    def _batches(self) -> Iterator[Any]:
        """The rows of a server's cursor in the batches that the driver asks for."""
        while rows := self.fetchmany(self._raw.itersize):
            yield from rows

    def fetchone(self) -> Any:
        """As the driver's."""
        if self._drained is not None:
            return self._drained.popleft() if self._drained else None
        return self._fetch(self._raw.fetchone)

    def fetchmany(self, *args: Any, **options: Any) -> Any:
        """As the driver's, whose argument is `size`."""
        if self._drained is None:
            return self._fetch(self._raw.fetchmany, *args, **options)
        size = (*args, *options.values(), None)[0]
        wanted = self._raw.arraysize if size is None else size
        return [self._drained.popleft() for _ in range(min(len(self._drained), wanted))]

    def fetchall(self) -> Any:
        """As the driver's."""
        if self._drained is not None:
            return self.fetchmany(len(self._drained))
        return self._fetch(self._raw.fetchall)

    def __next__(self) -> Any:
        row = self._lease.touch(next, self._raw, _NO_ROW) if self._drained is None else self.fetchone() or _NO_ROW
        if row is _NO_ROW:
            raise StopIteration
        return row

    def _fetch(self, call: Any, *args: Any, **options: Any) -> Any:
        if self._named:
            return self._lease.run(call, "FETCH", *args, **options)
        return self._lease.touch(call, *args, **options)

    def __enter__(self) -> VirtualCursor:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._raw, name)
        if name == "executescript":
            return self._executescript
        if getattr(value, "__self__", None) is not self._raw or name.startswith("_") or name in calls.LOCAL_TO_CURSORS:
            return value
        if name in calls.FETCHING:
            return lambda *args, **options: self._fetch(value, *args, **options)
        return in_turn(self._lease, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _OWN:
            self.__dict__[name] = value
        else:
            setattr(self._raw, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._raw, name)


def in_turn(lease: Lease, name: str, method: Any) -> Any:
    """A driver's method as one that is called inside the lease's turn, with the same arguments."""
    if name in calls.BLOCKS:
        return lambda *args, **options: _block(lease, name, method, args, options)
    if name in calls.GENERATORS:
        return lambda *args, **options: _generator(lease, name, method, args, options)

    def call(*args: Any, **options: Any) -> Any:
        return lease.run(method, calls.statement_of(name, args, options), *args, **options)

    return call


@contextmanager
def _block(lease: Lease, name: str, method: Any, args: Any, options: Any) -> Iterator[Any]:
    what = calls.statement_of(name, args, options)
    with lease.lasting_statement(what), method(*args, **options) as inner:
        yield inner


def _generator(lease: Lease, name: str, method: Any, args: Any, options: Any) -> Iterator[Any]:
    with lease.lasting_statement(calls.statement_of(name, args, options)):
        yield from method(*args, **options)
