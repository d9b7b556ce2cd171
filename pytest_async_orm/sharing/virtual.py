"""Virtual connections: Django's own wrapper class with Django's own state, over a lease instead of a socket."""

from __future__ import annotations

import itertools
import time
from functools import cache
from typing import TYPE_CHECKING, Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.utils.asyncio import async_unsafe

from pytest_async_orm.patches.wrapper import BeginsByStatement, WrapperHooks, begins_by_statement
from pytest_async_orm.sharing.callbacks import HandsOverCallbacks
from pytest_async_orm.sharing.cursors import cursor_over
from pytest_async_orm.sharing.lease import Lease
from pytest_async_orm.sharing.raw import RawConnection, raw_connection

if TYPE_CHECKING:
    from pytest_async_orm.sharing.shared_connection import SharedConnection

# Django names savepoints by thread and a counter that starts at 0 in every wrapper. On MariaDB and MySQL a name that is
# used again deletes the older savepoint, so each virtual connection counts from far above what another one can reach.
_SAVEPOINTS_OF_ONE = 1_000_000
# What a connection works out from Django's settings, which a test may override.
_SETTINGS = {"timezone", "timezone_name"}
_OFFSETS = itertools.count(_SAVEPOINTS_OF_ONE, _SAVEPOINTS_OF_ONE)


class VirtualConnection(HandsOverCallbacks, WrapperHooks):
    """Mixed into a backend's `DatabaseWrapper`; made by `virtual_connection`."""

    lease: Lease
    savepoint_offset: int
    begins_a_block = False
    """Whether it is an atomic block that switches autocommit off, and not the application."""
    is_virtual = True
    """What the ledger and the census ask of any connection: whether a server knows it."""
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
        self.lease.shared.require_well()
        self.connection = raw_connection(self.lease)
        self.autocommit = self.lease.autocommit = self.settings_dict["AUTOCOMMIT"]
        self.ensure_timezone()
        connection_created.send(sender=self.__class__, connection=self)
        self.run_on_commit = []

    def ensure_timezone(self) -> bool:
        """As Django's, for this connection alone: what the driver says may be another thread's."""
        wanted = getattr(self, "timezone_name", None)
        if self.connection is None or self.vendor != "postgresql" or not wanted or self.lease.time_zone() == wanted:
            return False
        cursor = cursor_over(self.lease, self.lease.touch(self.lease.shared.raw.cursor))
        cursor.execute(self.ops.set_time_zone_sql(), [wanted])
        cursor.close()
        return True

    def create_cursor(self, name: Any = None) -> Any:
        """The backend's cursor over a virtual one of the driver's; with a name, one that the server keeps."""
        if name is not None:
            return self._named_cursor(name)
        made = super().create_cursor()
        if isinstance(self.connection, RawConnection):
            return made
        return cursor_over(self.lease, made)

    def _named_cursor(self, name: Any) -> Any:
        """Django makes it from the driver's class, which would send its statements past the turn if it was given what
        stands for the raw connection.
        """
        own, self.connection = self.connection, self.lease.shared.raw
        try:
            made = self.lease.touch(super().create_cursor, name)
        finally:
            self.connection = own
        return cursor_over(self.lease, made)

    @property
    def holds_transaction(self) -> bool:
        """Whether the application has a transaction open on it."""
        return self.in_atomic_block or self.lease.in_transaction

    def commit_shared(self) -> None:
        """Release the savepoint that is its transaction."""
        self.lease.commit()

    def rollback_shared(self) -> None:
        """Roll back to the savepoint that is its transaction."""
        self.lease.rollback()

    def close(self) -> None:
        """As Django's, also where SQLite's own would keep a database in memory: the shared one is kept anyway."""
        BaseDatabaseWrapper.close(self)

    def release_shared(self) -> None:
        """Free what the connection holds, as a server does at a close; the raw connection stays open."""
        self.lease.close()

    def set_autocommit(self, autocommit: bool, force_begin_transaction_with_broken_autocommit: bool = False) -> None:
        """As Django's. An atomic block, which alone forces a beginning, has the turn from there on."""
        self.begins_a_block = force_begin_transaction_with_broken_autocommit
        try:
            super().set_autocommit(autocommit, force_begin_transaction_with_broken_autocommit)
        finally:
            self.begins_a_block = False

    def set_shared_autocommit(self, autocommit: bool) -> None:
        """As the driver does. With autocommit off a transaction begins with the next statement, in an atomic block at
        once. Raises ProgrammingError where the driver refuses.
        """
        if self.begins_a_block:
            self.lease.begin()
        self.lease.set_autocommit(autocommit, in_block=self.begins_a_block)

    def is_usable(self) -> bool:
        """Whether the shared connection still answers and the test's transaction is open: no driver may reconnect
        behind our back. Asking waits for the connection like any statement.
        """
        try:
            self.lease.run(self.lease.shared.dialect.send, "SELECT 1", "SELECT 1")
        except Exception:  # noqa: BLE001 - whatever it is, the answer is no
            return False
        return True

    def copy(self, alias: str | None = None) -> Any:
        """Another connection of the same test, as independent of this one as two threads' are."""
        twin = virtual_connection(self.lease.shared)
        twin.alias = alias or self.alias
        twin.is_copy = True
        return twin

    def real_wrapper(self) -> Any:
        """The wrapper of the connection that pytest-django opened."""
        return self.lease.shared.wrapper

    def clean_savepoints(self) -> None:
        """Count from the connection's own start again."""
        self.savepoint_state = self.savepoint_offset


class _BeginsShared(BeginsByStatement):
    """Mixed in for SQLite."""

    lease: Lease

    def expect_begin(self, expected: bool) -> None:
        """See `Lease.begins`."""
        self.lease.begins = expected


@cache
def virtual_class(backend: Any) -> type[Any]:
    """The subclass of one backend's wrapper, made once a process; Django looks at its module, and its representation
    shows its name, so it keeps both.
    """
    begins = (_BeginsShared,) if begins_by_statement(backend) else ()
    bases = (VirtualConnection, *begins, backend)
    return type(backend.__name__, bases, {"__module__": backend.__module__, "__qualname__": backend.__qualname__})


def virtual_connection(shared: SharedConnection) -> Any:
    """A connection for the calling thread, which has what the real one has learnt of the server already."""
    wrapper = shared.wrapper
    backend: Any = type(wrapper)
    virtual = virtual_class(backend)(wrapper.settings_dict, wrapper.alias)
    virtual.lease = Lease(shared)
    virtual.savepoint_state = virtual.savepoint_offset = next(_OFFSETS)
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
        if name not in known and name not in _SETTINGS and not name.startswith("_async_orm") and not callable(value):
            known[name] = value
