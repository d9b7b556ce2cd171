"""For which sandbox the present context works."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

ORIGIN: ContextVar[Any] = ContextVar("async_orm_sandbox", default=None)
"""The sandbox that the current task or thread was started under, where a context tells: it travels with tasks,
`sync_to_async` and `to_thread`, so that work which outlives its test is known wherever it turns up."""
