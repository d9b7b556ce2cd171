"""Test Django's async ORM with pytest."""

from pytest_async_orm.errors import (
    AsyncOrmError,
    AsyncOrmWarning,
    CensusDisagreement,
    ConnectionLeakWarning,
    ConnectionsLeaked,
    EnvironmentTrapWarning,
    EventLoopWouldBlock,
    LeftoverWorkWarning,
    PluginFaultWarning,
    SandboxDeadlock,
    SandboxEnded,
    TransactionLost,
    UnsupportedConnection,
)
from pytest_async_orm.leaks.assertion import assert_no_leaks
from pytest_async_orm.records import ConnectionRecord, Leak

__all__ = [
    "AsyncOrmError",
    "AsyncOrmWarning",
    "CensusDisagreement",
    "ConnectionLeakWarning",
    "ConnectionRecord",
    "ConnectionsLeaked",
    "EnvironmentTrapWarning",
    "EventLoopWouldBlock",
    "Leak",
    "LeftoverWorkWarning",
    "PluginFaultWarning",
    "SandboxDeadlock",
    "SandboxEnded",
    "TransactionLost",
    "UnsupportedConnection",
    "assert_no_leaks",
]
