"""Connections that a sandbox refuses: databases that the test did not ask for, and native async ones."""

from __future__ import annotations

import sys
from collections import Counter
from functools import cache, wraps
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.utils import load_backend
from django.test.testcases import DatabaseOperationForbidden  # type: ignore[attr-defined]

from pytest_async_orm.errors import UnsupportedConnection
from pytest_async_orm.messages import sandbox as messages

if TYPE_CHECKING:
    from pytest_async_orm.connections.routing import Switch

_NATIVE = "django_async_backend"
NATIVE_USED: Counter[str] = Counter()
"""How often a native connection to each alias was asked for: recordings cannot see what it sends."""


class _Forbidden:
    """Mixed into a backend's `DatabaseWrapper`. Django below 5.1 guards only the thread that set the test up."""

    alias: str
    test: str

    def connect(self) -> None:
        raise DatabaseOperationForbidden(messages.forbidden(self.test, self.alias))


@cache
def _forbidden_class(backend: Any) -> type[Any]:
    return type(f"Forbidden{backend.__name__}", (_Forbidden, backend), {"__module__": backend.__module__})


def forbidden_connection(alias: str, test: str) -> Any:
    """A connection that is never opened: its first use raises what Django raises in the main thread."""
    database = settings.DATABASES[alias]
    connection = _forbidden_class(load_backend(str(database["ENGINE"])).DatabaseWrapper)(database, alias)
    connection.test = test
    return connection


def refuse_native_connections(switch: Switch) -> None:
    """Let django-async-backend's connections be refused while a sandbox covers their alias.

    Patched once a process, as soon as that package is used; its method is public, seen in 1.0.
    """
    if not any(str(database["ENGINE"]).startswith(_NATIVE) for database in settings.DATABASES.values()):
        return
    __import__(f"{_NATIVE}.db.backends.base.base")
    wrapper = sys.modules[f"{_NATIVE}.db.backends.base.base"].BaseAsyncDatabaseWrapper
    original = wrapper.ensure_connection
    if hasattr(original, "__wrapped__"):
        return

    @wraps(original)
    async def ensure_connection(self: Any) -> None:
        refused = switch.covering(self.alias)
        if refused is not None:
            raise UnsupportedConnection(messages.native_connection(refused, self.alias))
        NATIVE_USED[self.alias] += 1
        await original(self)

    wrapper.ensure_connection = ensure_connection
