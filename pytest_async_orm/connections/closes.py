"""Closes that no signal tells of, and cursors: patched once a process, switched by the ledger.

`close` is public. `BaseDatabaseWrapper._prepare_cursor` is private (seen in Django 4.2 to 6.1): every cursor goes
through it. Django's `CursorWrapper` has no `close` of its own and gets one, which calls the driver's as before.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from functools import partial, wraps
from types import FrameType
from typing import Any

import django
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.sqlite3 import base as sqlite3
from django.db.backends.utils import CursorWrapper

from pytest_async_orm.connections.ledger import ENTRY, LEDGER
from pytest_async_orm.connections.spawning import SPAWNING

_DJANGO = f"{django.__path__[0]}/"
_NATIVE = "django_async_backend.db.backends.base.base"


def watch_closes() -> None:
    _once(BaseDatabaseWrapper, "close", _closing)
    _once(sqlite3.DatabaseWrapper, "close", _closing_sqlite)
    _once(BaseDatabaseWrapper, "_prepare_cursor", _preparing)
    if "close" not in vars(CursorWrapper):
        CursorWrapper.close = _close_cursor  # type: ignore[attr-defined,unused-ignore]
    if _NATIVE in sys.modules:
        _once(sys.modules[_NATIVE].BaseAsyncDatabaseWrapper, "close", _closing_natively)


def _once(owner: Any, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    original = vars(owner)[name]
    if not hasattr(original, "_async_orm"):
        patched: Any = wraps(original)(make(original))
        patched._async_orm = True
        setattr(owner, name, patched)


def _closing(original: Callable[..., Any]) -> Callable[..., Any]:
    def close(self: Any) -> None:
        try:
            original(self)
        finally:
            if self.connection is None or self.closed_in_transaction:
                LEDGER.closed(self)

    return close


def _closing_sqlite(original: Callable[..., Any]) -> Callable[..., Any]:
    def close(self: Any) -> None:
        original(self)
        if self.connection is not None and LEDGER.watching:
            LEDGER.asked_to_close(self)

    return close


def _closing_natively(original: Callable[..., Any]) -> Callable[..., Any]:
    async def close(self: Any) -> None:
        try:
            await original(self)
        finally:
            if self.connection is None or self.closed_in_transaction:
                LEDGER.closed(self)

    return close


def _preparing(original: Callable[..., Any]) -> Callable[..., Any]:
    def _prepare_cursor(self: Any, cursor: Any) -> Any:
        wrapped = original(self, cursor)
        # Every cursor of every test comes by: hence no more calls than are needed.
        if LEDGER.watching:
            if "_async_orm_kept" in self.__dict__:
                LEDGER.used_again(self)
            frame: FrameType | None = sys._getframe(2)
            while frame is not None and (code := frame.f_code).co_name in _PASSING:
                frame = frame.f_back
            # The user asked for it, by hand or by `iterator()`; Django closes all others itself.
            if code.co_name == "chunked_cursor" or not code.co_filename.startswith(_DJANGO):
                _note_cursor(self, wrapped)
        return wrapped

    return _prepare_cursor


# Functions between `_cursor`, which prepares every cursor, and whoever wanted it.
_PASSING = frozenset({"cursor", "inner"})


def _note_cursor(wrapper: Any, cursor: Any) -> None:
    entry = LEDGER.entry_of(wrapper)
    if entry is not None:
        spot = SPAWNING.spot(sys._getframe(2))
        number, cursors = id(cursor), entry.cursors
        cursors[number] = (weakref.ref(cursor, partial(_forget, cursors, number)), spot)


def _forget(cursors: dict[int, Any], number: int, _: Any) -> None:
    cursors.pop(number, None)


def _close_cursor(self: Any) -> Any:
    """Close the driver's cursor, as without the plugin, and tell the ledger."""
    entry = self.db.__dict__.get(ENTRY)
    if entry is not None and entry.cursors:
        entry.cursors.pop(id(self), None)
    return self.cursor.close()
