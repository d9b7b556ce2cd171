"""Test Django's async ORM with pytest."""

from pytest_async_orm.errors import (
    AsyncOrmError,
    AsyncOrmWarning,
    EnvironmentTrapWarning,
    EventLoopWouldBlock,
    LeftoverWorkWarning,
    SandboxDeadlock,
    SandboxEnded,
    TransactionLost,
    UnsupportedConnection,
)

__all__ = [
    "AsyncOrmError",
    "AsyncOrmWarning",
    "EnvironmentTrapWarning",
    "EventLoopWouldBlock",
    "LeftoverWorkWarning",
    "SandboxDeadlock",
    "SandboxEnded",
    "TransactionLost",
    "UnsupportedConnection",
]
