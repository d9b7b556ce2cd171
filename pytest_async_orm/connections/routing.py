"""Connection lookup, patched once a process and switched by one variable.

Patched public methods of `django.db.utils.ConnectionHandler`: `__getitem__`, `__setitem__`, `__delitem__`, `all`.
Never per
test: CPython 3.13.0 stops to notice changes of a class after about a thousand, where a call site is specialised.
"""

from __future__ import annotations

from typing import Any, Protocol

from django.db import connections
from django.db.utils import ConnectionHandler

from pytest_async_orm.connections.refused import refuse_native_connections


class Route(Protocol):
    """Who answers for one alias."""

    def get(self, alias: str) -> Any: ...
    def put(self, alias: str, connection: Any) -> None: ...
    def drop(self, alias: str) -> None: ...


class Router(Protocol):
    """Who decides whether an alias is routed, for the calling thread and context."""

    def route(self, alias: str) -> Route | None: ...
    def covering(self, alias: str) -> str | None: ...
    def opened(self) -> list[Any]: ...


class Switch:
    """The router of the moment, if any. One a process, as the connections that it routes are."""

    def __init__(self) -> None:
        self.router: Router | None = None
        self._installed = False

    def install(self) -> None:
        if not self._installed:
            _patch(self)
            refuse_native_connections(self)
            self._installed = True

    def route(self, handler: ConnectionHandler, alias: str) -> Route | None:
        router = self.router
        return router.route(alias) if router is not None and handler is connections else None

    def covering(self, alias: str) -> str | None:
        """The test whose sandbox covers an alias at the moment."""
        return self.router.covering(alias) if self.router is not None else None


def _patch(switch: Switch) -> None:
    original_get, original_set = ConnectionHandler.__getitem__, ConnectionHandler.__setitem__
    original_delete, original_all = ConnectionHandler.__delitem__, ConnectionHandler.all

    def get(self: ConnectionHandler, alias: str) -> Any:
        route = switch.route(self, alias)
        return original_get(self, alias) if route is None else route.get(alias)

    def put(self: ConnectionHandler, alias: str, connection: Any) -> None:
        route = switch.route(self, alias)
        original_set(self, alias, connection) if route is None else route.put(alias, connection)

    def delete(self: ConnectionHandler, alias: str) -> None:
        route = switch.route(self, alias)
        original_delete(self, alias) if route is None else route.drop(alias)

    def all_connections(self: ConnectionHandler, initialized_only: bool = False) -> list[Any]:
        found: list[Any] = list(original_all(self, initialized_only))
        if switch.router is not None and self is connections:
            found += [connection for connection in switch.router.opened() if connection not in found]
        return found

    for name, method in (("__getitem__", get), ("__setitem__", put), ("__delitem__", delete), ("all", all_connections)):
        setattr(ConnectionHandler, name, method)


SWITCH = Switch()
