"""django-async-backend's native connections: refused in isolated tests, counted where queries are recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings

from pytest_async_orm.errors import UnsupportedConnection
from pytest_async_orm.patches import targets
from pytest_async_orm.patches.process import PROCESS


def install() -> None:
    """Replace the opening of native connections, if a database of the project's has any."""
    engines = [str(database["ENGINE"]) for database in settings.DATABASES.values()]
    if any(engine.startswith(targets.NATIVE_PACKAGE) for engine in engines):
        PROCESS.patches.install(targets.OPEN_NATIVE, _opening)


def _opening(original: Callable[..., Any]) -> Callable[..., Any]:
    async def ensure_connection(self: Any) -> None:
        router = PROCESS.router
        refused = router.covering(self.alias) if router is not None else None
        if refused is not None:
            from pytest_async_orm.messages.sandbox import native_connection

            raise UnsupportedConnection(native_connection(refused, self.alias))
        PROCESS.native_used[self.alias] += 1
        await original(self)

    return ensure_connection
