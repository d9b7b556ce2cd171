"""Test Django's async ORM with pytest."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pytest_async_orm.errors import (
    AsyncOrmError,
    ConnectionsLeaked,
    DatabaseAskedInLoop,
    EventLoopWouldBlock,
    FlushBlocked,
    NothingRecorded,
    QueryAssertionError,
    SandboxDeadlock,
    SandboxEnded,
    SessionShared,
    TransactionLost,
    UnsupportedConnection,
)

if TYPE_CHECKING:
    from pytest_async_orm.leaks.assertion import assert_no_leaks
    from pytest_async_orm.recording.blocks import (
        assert_max_queries,
        assert_min_queries,
        assert_no_duplicates,
        assert_no_n_plus_one,
        assert_no_queries,
        assert_no_queries_outside_transactions,
        assert_no_slow_queries,
        assert_num_queries,
        record_queries,
    )
    from pytest_async_orm.recording.log import QueryLog
    from pytest_async_orm.records import ConnectionRecord, Leak, Query

__all__ = [
    "AsyncOrmError",
    "ConnectionRecord",
    "ConnectionsLeaked",
    "DatabaseAskedInLoop",
    "EventLoopWouldBlock",
    "FlushBlocked",
    "Leak",
    "NothingRecorded",
    "Query",
    "QueryAssertionError",
    "QueryLog",
    "SandboxDeadlock",
    "SandboxEnded",
    "SessionShared",
    "TransactionLost",
    "UnsupportedConnection",
    "assert_max_queries",
    "assert_min_queries",
    "assert_no_duplicates",
    "assert_no_leaks",
    "assert_no_n_plus_one",
    "assert_no_queries",
    "assert_no_queries_outside_transactions",
    "assert_no_slow_queries",
    "assert_num_queries",
    "record_queries",
]

# Imported when first asked for: pytest imports this package at every start, with or without a database test.
_MODULES = {
    "ConnectionRecord": "records",
    "Leak": "records",
    "Query": "records",
    "QueryLog": "recording.log",
    "assert_no_leaks": "leaks.assertion",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_MODULES.get(name, 'recording.blocks')}")
    found = globals()[name] = getattr(module, name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
