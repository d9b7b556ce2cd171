"""Virtual connections: Django's own wrapper class with Django's own state, over a lease instead of a socket."""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING, Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.utils import ProgrammingError
from django.utils.asyncio import async_unsafe

from pytest_async_orm.patches.wrapper import BeginsByStatement, WrapperHooks, begins_by_statement
from pytest_async_orm.sharing.callbacks import HandsOverCallbacks
from pytest_async_orm.sharing.cursors import VirtualCursor
from pytest_async_orm.sharing.lease import Lease

if TYPE_CHECKING:
    from pytest_async_orm.sharing.shared_connection import SharedConnection

# Django names savepoints by thread and a counter that starts at 0 in every wrapper. On MariaDB a name that is used
# again deletes the older savepoint, so a virtual connection counts from far above what the real one can reach.
_SAVEPOINT_OFFSET = 1_000_000


class VirtualConnection(HandsOverCallbacks, WrapperHooks):
    """Mixed into a backend's `DatabaseWrapper`; made by `virtual_connection`."""

    lease: Lease
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
        self.connection = self.lease.shared.raw
        self.autocommit = self.lease.autocommit = self.settings_dict["AUTOCOMMIT"]
        connection_created.send(sender=self.__class__, connection=self)
        self.run_on_commit = []

    def create_cursor(self, name: Any = None) -> Any:
        """A cursor over the shared connection; with a name, one that the server keeps."""
        create = super().create_cursor
        return VirtualCursor(self.lease, self.lease.touch(create, name), named=name is not None)

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

    def set_shared_autocommit(self, autocommit: bool) -> None:
        """Begin with autocommit off; end as the driver does with it on. Raises ProgrammingError where that refuses."""
        if not autocommit:
            self.lease.begin()
        elif self.lease.in_transaction:
            self._end_manual_transaction()
        self.lease.autocommit = autocommit

    def _end_manual_transaction(self) -> None:
        if not self.lease.shared.dialect.autocommit_commits:
            raise ProgrammingError(
                "can't change 'autocommit' now: connection in transaction, commit() or rollback() first"
            )
        self.lease.commit()

    def is_usable(self) -> bool:
        """Whether the shared connection still answers; asking waits for the connection like any statement."""
        return self.lease.is_usable()

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
        """Count savepoints from the start again, which for a virtual connection is far above zero."""
        self.savepoint_state = _SAVEPOINT_OFFSET


class _BeginsShared(BeginsByStatement):
    """Mixed in for SQLite."""

    lease: Lease

    def expect_begin(self, expected: bool) -> None:
        """See `Lease.begins`."""
        self.lease.begins = expected


@cache
def virtual_class(backend: Any) -> type[Any]:
    """The subclass of one backend's wrapper, made once a process; Django looks at its module, so it keeps that."""
    begins = (_BeginsShared,) if begins_by_statement(backend) else ()
    bases = (VirtualConnection, *begins, backend)
    return type(f"Virtual{backend.__name__}", bases, {"__module__": backend.__module__})


def virtual_connection(shared: SharedConnection) -> Any:
    """A connection for the calling thread, which has what the real one has learnt of the server already."""
    wrapper = shared.wrapper
    backend: Any = type(wrapper)
    virtual = virtual_class(backend)(wrapper.settings_dict, wrapper.alias)
    virtual.lease = Lease(shared)
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
