"""Test Django's async ORM with pytest."""

from pytest_async_orm.errors import (
    AsyncOrmError,
    AsyncOrmWarning,
    EnvironmentTrapWarning,
    EventLoopWouldBlock,
    LeftoverWorkWarning,
    NothingRecorded,
    QueryAssertionError,
    SandboxDeadlock,
    SandboxEnded,
    TransactionLost,
    UnsupportedConnection,
)
from pytest_async_orm.queries.blocks import (
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
from pytest_async_orm.queries.log import QueryLog
from pytest_async_orm.records import Query

__all__ = [
    "AsyncOrmError",
    "AsyncOrmWarning",
    "EnvironmentTrapWarning",
    "EventLoopWouldBlock",
    "LeftoverWorkWarning",
    "NothingRecorded",
    "Query",
    "QueryAssertionError",
    "QueryLog",
    "SandboxDeadlock",
    "SandboxEnded",
    "TransactionLost",
    "UnsupportedConnection",
    "assert_max_queries",
    "assert_min_queries",
    "assert_no_duplicates",
    "assert_no_n_plus_one",
    "assert_no_queries",
    "assert_no_queries_outside_transactions",
    "assert_no_slow_queries",
    "assert_num_queries",
    "record_queries",
]
