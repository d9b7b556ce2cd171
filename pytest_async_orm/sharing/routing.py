"""Look-ups of connections: answered by the router of the moment, if there is one."""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident
from typing import Any

from django.db import connections

from pytest_async_orm.frames.handoff import present_caller
from pytest_async_orm.patches import native, targets
from pytest_async_orm.patches.interpreter import runs_no_loop
from pytest_async_orm.patches.process import PROCESS, Route, Router
from pytest_async_orm.sharing.origin import ORIGIN


def route_by(router: Router | None) -> None:
    """Let a router answer from now on; None for Django alone."""
    if router is not None and not PROCESS.patches.has(targets.GET_CONNECTION):
        _install()
    PROCESS.router = router


def _install() -> None:
    native.install()
    for target, make in (
        (targets.GET_CONNECTION, _getting),
        (targets.SET_CONNECTION, _setting),
        (targets.DELETE_CONNECTION, _deleting),
        (targets.ALL_CONNECTIONS, _listing),
    ):
        PROCESS.patches.install(target, make)


def _route(handler: Any, alias: str) -> Route | None:
    router = PROCESS.router
    return router.route(alias) if router is not None and handler is connections else None


def _getting(original: Callable[..., Any]) -> Callable[..., Any]:
    process, origin, caller, thread = PROCESS, ORIGIN.get, present_caller, get_ident

    def __getitem__(self: Any, alias: str) -> Any:  # noqa: N807 - it stands for that method
        router = process.router
        if router is None:
            return original(self, alias)
        # A sync test, and what surrounds it, look connections up two dozen times, so this makes no more calls than it
        # needs to be certain that nothing is routed.
        host = router.host
        if host is None:
            if router.shows_real and origin() is None and caller() is None:
                return original(self, alias)
        elif origin() is host and thread() == host.thread and runs_no_loop():
            return original(self, alias)
        route = _route(self, alias)
        found = None if route is None else route.get(alias)
        return original(self, alias) if found is None else found

    return __getitem__


def _setting(original: Callable[..., Any]) -> Callable[..., Any]:
    def __setitem__(self: Any, alias: str, connection: Any) -> None:  # noqa: N807 - it stands for that method
        route = _route(self, alias)
        original(self, alias, connection) if route is None else route.put(alias, connection)

    return __setitem__


def _deleting(original: Callable[..., Any]) -> Callable[..., Any]:
    def __delitem__(self: Any, alias: str) -> None:  # noqa: N807 - it stands for that method
        route = _route(self, alias)
        original(self, alias) if route is None else route.drop(alias)

    return __delitem__


def _listing(original: Callable[..., Any]) -> Callable[..., Any]:
    def all(self: Any, initialized_only: bool = False) -> list[Any]:  # noqa: A001 - it stands for that method
        found: list[Any] = list(original(self, initialized_only))
        if PROCESS.router is not None and self is connections:
            found += [connection for connection in PROCESS.router.opened() if connection not in found]
        return found

    return all
