"""Cursors of virtual connections: every use of the raw cursor happens inside the turn."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pytest_async_orm.sharing.lease import Lease

# Methods of the drivers' cursors that send a statement, beside those defined below.
_SENDING = frozenset({"callproc", "copy_expert", "copy_from", "copy_to", "copy_trans_to_raw"})
_FETCHING = frozenset({"nextset", "scroll"})


class VirtualCursor:
    """Stands between Django's cursor wrapper and the backend's cursor, and is as transparent as it can be."""

    def __init__(self, lease: Lease, raw: Any, *, named: bool) -> None:
        self._lease = lease
        self._raw = raw
        # A server-side cursor asks the server for every batch: its fetches can fail as statements do.
        self._named = named
        # Rows that had to be fetched at once: what is left of them.
        self._rows: deque[Any] | None = None

    def execute(self, sql: Any, *args: Any, **options: Any) -> Any:
        if self._lease.begins:
            self._lease.begins = False
            self._lease.begin()
            return self
        self._rows = None
        return self._own(self._lease.run(self._execute, sql, sql, *args, **options))

    def _execute(self, sql: Any, *args: Any, **options: Any) -> Any:
        result = self._raw.execute(sql, *args, **options)
        if self._lease.shared.dialect.must_drain(sql, self._raw):
            self._rows = deque(self._raw.fetchall())
        return result

    def executemany(self, sql: Any, *args: Any, **options: Any) -> Any:
        return self._own(self._lease.run(self._raw.executemany, sql, sql, *args, **options))

    def _own(self, result: Any) -> Any:
        return self if result is self._raw else result

    @contextmanager
    def copy(self, statement: Any, *args: Any, **options: Any) -> Iterator[Any]:
        """psycopg's COPY is under way until its block ends, and the turn with it."""
        queue = self._lease.shared.queue
        queue.take(self._lease)
        try:
            manager = self._lease.run(self._raw.copy, statement, statement, *args, **options)
            copying = self._lease.run(manager.__enter__, statement)
            try:
                yield copying
            except BaseException as error:
                self._lease.run(manager.__exit__, statement, type(error), error, error.__traceback__)
                raise
            self._lease.run(manager.__exit__, statement, None, None, None)
        finally:
            queue.give_back(self._lease)

    def close(self) -> None:
        """Close now if the turn is free, else when it is: a generator's end or the garbage collector may call from
        anywhere.
        """
        self._lease.shared.close_cursor(self._lease, self._raw)

    def __iter__(self) -> Iterator[Any]:
        while (row := self.fetchone()) is not None:
            yield row

    def fetchone(self) -> Any:
        if self._rows is not None:
            return self._rows.popleft() if self._rows else None
        return self._fetch(self._raw.fetchone)

    def fetchmany(self, *size: int) -> Any:
        if self._rows is not None:
            return [self._rows.popleft() for _ in range(min(len(self._rows), *(size or (self._raw.arraysize,))))]
        return self._fetch(self._raw.fetchmany, *size)

    def fetchall(self) -> Any:
        if self._rows is not None:
            return self.fetchmany(len(self._rows))
        return self._fetch(self._raw.fetchall)

    def __next__(self) -> Any:
        row = self.fetchone()
        if row is None:
            raise StopIteration
        return row

    def _fetch(self, call: Any, *args: Any) -> Any:
        if self._named:
            return self._lease.run(call, "FETCH", *args)
        return self._lease.touch(call, *args)

    def __enter__(self) -> VirtualCursor:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._raw, name)
        if name in _FETCHING:
            return lambda *args: self._fetch(value, *args)
        if name in _SENDING:
            return lambda *args, **options: self._lease.run(value, name, *args, **options)
        return value
