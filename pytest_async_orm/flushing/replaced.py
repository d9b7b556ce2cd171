"""Where the plugin comes in: the call of the flush command by which Django's `TransactionTestCase` ends.

The rest of this room is imported by the first such call: most sessions make none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_async_orm.patches import targets
from pytest_async_orm.patches.process import PROCESS


class Replaced:
    """Whether a session's flushes are the plugin's: as Django does, until `seconds` is set."""

    seconds: float | None = None
    """How long a lock is waited for that somebody holds who does nothing."""


def install(seconds: float) -> None:
    """From now on tables without rows are left alone by the flush of this session's transactional tests."""
    PROCESS.one(Replaced).seconds = seconds
    PROCESS.patches.install(targets.FLUSH_TABLES, _replacing)


def _replacing(original: Callable[..., Any]) -> Callable[..., Any]:
    def call_command(command_name: Any, *args: Any, **options: Any) -> Any:
        seconds = PROCESS.one(Replaced).seconds
        if command_name != "flush" or args or seconds is None or "database" not in options:
            return original(command_name, *args, **options)
        from pytest_async_orm.flushing.seam import Flushing

        return PROCESS.one(Flushing).flush(original, options)

    return call_command
