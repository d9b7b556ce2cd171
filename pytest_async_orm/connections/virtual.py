"""Virtual connections: Django's own wrapper class with Django's own state, over a lease instead of a socket.

Private methods of `BaseDatabaseWrapper` and its backends that are replaced here, each pinned by a test, seen in Django
4.2 to 6.1: `_commit`, `_rollback`, `_close`, `_set_autocommit`, `_start_transaction_under_autocommit` (SQLite),
`_nodb_cursor`.
"""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING, Any

from django.db.backends.base import base
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.utils import ProgrammingError
from django.utils.asyncio import async_unsafe

from pytest_async_orm.connections.cursors import VirtualCursor
from pytest_async_orm.connections.lease import Lease

if TYPE_CHECKING:
    from pytest_async_orm.connections.physical import Physical

    _Base = BaseDatabaseWrapper
else:
    _Base = object

# Django names savepoints by thread and a counter that starts at 0 in every wrapper. On MariaDB a name that is used
# again deletes the older savepoint, so a virtual connection counts from far above what its physical one can reach.
_SAVEPOINT_OFFSET = 1_000_000


def _logged(connection: Any, sql: str) -> Any:
    """Django's log of transaction control, and whoever watches it: see `watching`."""
    return base.debug_transaction(connection, sql)  # type: ignore[attr-defined]


class VirtualConnection(_Base):
    """Mixed into a backend's `DatabaseWrapper`; made by `virtual_connection`."""

    lease: Lease
    is_copy = False

    @async_unsafe
    def connect(self) -> None:
        """What Django's `connect` does to its own state, with the sandbox's raw connection for a new one."""
        self.check_settings()
        self.in_atomic_block = False
        self.savepoint_ids = []
        self.atomic_blocks = []
        self.needs_rollback = False
        self.health_check_enabled = False
        max_age = self.settings_dict["CONN_MAX_AGE"]
        self.close_at = None if max_age is None else time.monotonic() + max_age
        self.closed_in_transaction = False
        self.errors_occurred = False
        self.health_check_done = True
        self.lease.physical.require_well()
        self.connection = self.lease.physical.raw
        self.autocommit = self.lease.autocommit = self.settings_dict["AUTOCOMMIT"]
        connection_created.send(sender=self.__class__, connection=self)
        self.run_on_commit = []

    def create_cursor(self, name: Any = None) -> Any:
        create = super().create_cursor
        return VirtualCursor(self.lease, self.lease.touch(create, name), named=name is not None)

    def _commit(self) -> None:
        if self.connection is not None:
            with _logged(self, "COMMIT"), self.wrap_database_errors:
                self.lease.commit()

    def _rollback(self) -> None:
        if self.connection is not None:
            with _logged(self, "ROLLBACK"), self.wrap_database_errors:
                self.lease.rollback()

    def close(self) -> None:
        """As Django's, also where SQLite's own would keep a database in memory: the physical one is kept anyway."""
        BaseDatabaseWrapper.close(self)

    def _close(self) -> None:
        """Give the lease back, as a server frees what a closed connection held; the raw connection is not ours to
        close.
        """
        self.lease.close()

    def _set_autocommit(self, autocommit: bool) -> None:
        with self.wrap_database_errors:
            if not autocommit:
                self.lease.begin()
            elif self.lease.in_transaction:
                self._end_manual_transaction()
        self.lease.autocommit = autocommit

    def _end_manual_transaction(self) -> None:
        if not self.lease.physical.dialect.autocommit_commits:
            raise ProgrammingError(
                "can't change 'autocommit' now: connection in transaction, commit() or rollback() first"
            )
        self.lease.commit()

    def is_usable(self) -> bool:
        return self.lease.is_usable()

    def copy(self, alias: str | None = None) -> Any:
        """Another connection of the same test, as independent of this one as two threads' are."""
        twin = virtual_connection(self.lease.physical)
        twin.alias = alias or self.alias
        twin.is_copy = True
        return twin

    def _nodb_cursor(self) -> Any:
        # Django makes it from the class of `self`; what creates and drops databases needs a real connection.
        return self.lease.physical.wrapper._nodb_cursor()

    def clean_savepoints(self) -> None:
        self.savepoint_state = _SAVEPOINT_OFFSET


class _BeginsByStatement(_Base):
    """Mixed in for SQLite: Django looks whether a wrapper has this method."""

    lease: Lease

    def _start_transaction_under_autocommit(self) -> None:
        """SQLite begins by a statement like any other, seen by wrappers and counted: only what it does differs."""
        self.lease.begins = True
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        finally:
            self.lease.begins = False


@cache
def virtual_class(backend: Any) -> type[Any]:
    """The subclass of one backend's wrapper, made once a process. It keeps the backend's module, which Django
    looks at.
    """
    begins = (_BeginsByStatement,) if hasattr(backend, "_start_transaction_under_autocommit") else ()
    bases = (VirtualConnection, *begins, backend)
    return type(f"Virtual{backend.__name__}", bases, {"__module__": backend.__module__})


def virtual_connection(physical: Physical) -> Any:
    """A connection for the calling thread, which has what the physical one has learnt of the server already."""
    wrapper = physical.wrapper
    backend: Any = type(wrapper)
    virtual = virtual_class(backend)(wrapper.settings_dict, wrapper.alias)
    virtual.lease = Lease(physical)
    virtual.savepoint_state = _SAVEPOINT_OFFSET
    _inherit(virtual, wrapper)
    _inherit(virtual.features, wrapper.features)
    return virtual


def return_knowledge(virtual: Any, wrapper: BaseDatabaseWrapper) -> None:
    """Give back what a virtual connection has found out of the server, so that no later one asks again."""
    _inherit(wrapper.features, virtual.features)


def _inherit(heir: Any, source: Any) -> None:
    known = vars(heir)
    for name, value in vars(source).items():
        # What is callable is bound to the source (Django's error wrapper, a monkeypatched method) and stays there, as
        # what the ledger has noted of the source does.
        if name not in known and not name.startswith("_async_orm") and not callable(value):
            known[name] = value
