"""What the plugin raises. Every text says what happened, where, and what to do: see `pytest_async_orm.messages`."""

from __future__ import annotations


class AsyncOrmError(RuntimeError):
    """The base of every error of the plugin.

    Not one of Django's database errors: application code that catches those must not swallow these.
    """


class SandboxDeadlock(AsyncOrmError):
    """A thread waited for the test's connection longer than `async_orm_lock_timeout`."""


class SandboxEnded(AsyncOrmError):
    """Work that a test left behind touched the database after that test's end."""


class TransactionLost(AsyncOrmError):
    """The transaction that isolates the test is gone: an implicit commit, a closed or a killed connection."""


class SessionShared(AsyncOrmError):
    """A statement would see a temporary table, a lock or the like that another thread's connection has made."""


class EventLoopWouldBlock(AsyncOrmError):
    """The event loop's own thread asked for a connection that another thread's transaction holds."""


class UnsupportedConnection(AsyncOrmError):
    """The sandbox cannot isolate this connection, so it refuses it: its rows would outlive the test."""


class DatabaseAskedInLoop(AsyncOrmError):
    """A database fixture was asked for by `getfixturevalue` while the test's event loop ran."""


class FlushBlocked(AsyncOrmError):
    """A session that was left open has locked tables that a transactional test's end has to empty."""


class NothingRecorded(AsyncOrmError):
    """A recording had no connection to watch, so its number of queries means nothing."""


class QueryAssertionError(AssertionError):
    """The queries of a block or a test are not what was expected of them."""


class ConnectionsLeaked(AsyncOrmError, AssertionError):
    """The block of `assert_no_leaks`, or with `--async-orm-leaks=error` a test, left connections open."""
