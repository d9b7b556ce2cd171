"""The private methods of Django's database wrapper that a shared connection answers for, under names of its own.

Replaced in a subclass, not in Django: `_commit`, `_rollback`, `_close`, `_set_autocommit`, `_nodb_cursor` and, for
SQLite, `_start_transaction_under_autocommit`; each seen in Django 4.2 to 6.1 and pinned by a test.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from django.db.backends.base import base
from django.db.backends.base.base import BaseDatabaseWrapper

if TYPE_CHECKING:
    _Base = BaseDatabaseWrapper
else:
    _Base = object


def logged(connection: Any, sql: str) -> AbstractContextManager[None]:
    """Django's log of transaction control, and what watches it."""
    found: AbstractContextManager[None] = base.debug_transaction(connection, sql)  # type: ignore[attr-defined]
    return found


class WrapperHooks(_Base):
    """Mixed into a backend's `DatabaseWrapper`: Django's private hooks lead to the methods below."""

    def commit_shared(self) -> None:
        """Commit; Django's log has been told already."""
        raise NotImplementedError

    def rollback_shared(self) -> None:
        """Roll back; Django's log has been told already."""
        raise NotImplementedError

    def release_shared(self) -> None:
        """Close: give back what is shared."""
        raise NotImplementedError

    def set_shared_autocommit(self, autocommit: bool) -> None:
        """Switch autocommit."""
        raise NotImplementedError

    def real_wrapper(self) -> Any:
        """The wrapper of the real connection."""
        raise NotImplementedError

    def _commit(self) -> None:
        if self.connection is not None:
            with logged(self, "COMMIT"), self.wrap_database_errors:
                self.commit_shared()

    def _rollback(self) -> None:
        if self.connection is not None:
            with logged(self, "ROLLBACK"), self.wrap_database_errors:
                self.rollback_shared()

    def _close(self) -> None:
        self.release_shared()

    def _set_autocommit(self, autocommit: bool) -> None:
        with self.wrap_database_errors:
            self.set_shared_autocommit(autocommit)

    def _nodb_cursor(self) -> Any:
        # Django makes it from the class of `self`; what creates and drops databases needs a real connection.
        return self.real_wrapper()._nodb_cursor()


class BeginsByStatement(_Base):
    """Mixed in for SQLite, where Django looks whether a wrapper has this method: it begins by a statement like any
    other, seen by wrappers and counted; only what the statement does differs.
    """

    def expect_begin(self, expected: bool) -> None:
        """Whether the next statement is the one that begins a transaction."""
        raise NotImplementedError

    def _start_transaction_under_autocommit(self) -> None:
        self.expect_begin(True)
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        finally:
            self.expect_begin(False)


def begins_by_statement(backend: Any) -> bool:
    """Whether a backend begins transactions by a statement, as SQLite's does."""
    return hasattr(backend, "_start_transaction_under_autocommit")
