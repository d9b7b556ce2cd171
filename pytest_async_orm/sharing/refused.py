"""Connections that a sandbox refuses: those of databases that the test did not ask for."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from django.db.utils import load_backend
from django.test.testcases import DatabaseOperationForbidden  # type: ignore[attr-defined]

from pytest_async_orm.messages import sandbox as messages


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
