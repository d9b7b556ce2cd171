"""Closes, which no signal tells of, and cursors."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import django

from pytest_async_orm.frames import handoff
from pytest_async_orm.leaks.generators import RESPONSES
from pytest_async_orm.leaks.ledger import KEPT_BY_DJANGO, OPENING, Ledger
from pytest_async_orm.patches import targets
from pytest_async_orm.patches.process import PROCESS

_DJANGO = f"{django.__path__[0]}/"


def watch_closes() -> None:
    """Note closes of connections and what becomes of cursors, from now on."""
    install = PROCESS.patches.install
    install(targets.CLOSE, _closing)
    install(targets.CLOSE_SQLITE, _closing_sqlite)
    install(targets.PREPARE_CURSOR, _preparing)
    install(targets.CLOSE_CURSOR, _closing_cursor)
    if targets.CLOSE_NATIVE.is_imported:
        install(targets.CLOSE_NATIVE, _closing_natively)


def _closing(original: Callable[..., Any]) -> Callable[..., Any]:
    def close(self: Any) -> None:
        try:
            original(self)
        finally:
            if self.connection is None or self.closed_in_transaction:
                PROCESS.one(Ledger).closed(self)

    return close


def _closing_sqlite(original: Callable[..., Any]) -> Callable[..., Any]:
    def close(self: Any) -> None:
        original(self)
        # After a close inside of a block the wrapper has a connection that is closed, until the block ends.
        if self.connection is not None and not self.closed_in_transaction and PROCESS.watching:
            PROCESS.one(Ledger).asked_to_close(self)

    return close


def _closing_natively(original: Callable[..., Any]) -> Callable[..., Any]:
    async def close(self: Any) -> None:
        try:
            await original(self)
        finally:
            if self.connection is None or self.closed_in_transaction:
                PROCESS.one(Ledger).closed(self)

    return close


def _preparing(original: Callable[..., Any]) -> Callable[..., Any]:
    process, passing, djangos, here = PROCESS, _PASSING, _DJANGO, sys._getframe

    def _prepare_cursor(self: Any, cursor: Any) -> Any:
        wrapped = original(self, cursor)
        # This runs for every cursor, so it makes no more calls than it needs.
        if process.watching:
            if KEPT_BY_DJANGO in self.__dict__:
                process.one(Ledger).used_again(self)
            frame = here(2)
            while (code := frame.f_code).co_name in passing and frame.f_back is not None:
                frame = frame.f_back
            # The user asked for it, by hand or by `iterator()`; Django closes all others itself.
            if not code.co_filename.startswith(djangos) or code.co_name == "chunked_cursor":
                _note_cursor(self, wrapped)
                if process.reader is not None:
                    process.reader(self, wrapped)
        return wrapped

    return _prepare_cursor


# Functions between `_cursor`, which prepares every cursor, and the function that asked for it.
_PASSING = frozenset({"cursor", "inner"})


def _note_cursor(wrapper: Any, cursor: Any) -> None:
    opened = PROCESS.one(Ledger).opening_of(wrapper)
    if opened is not None:
        here = sys._getframe(2)
        frame = handoff.asked_at(here, RESPONSES) or handoff.user_frame(here)
        number, cursors = id(cursor), opened.cursors
        # A backend's own may be one that cannot be referred to.
        with suppress(TypeError):
            cursors[number] = (weakref.ref(cursor, partial(_forget, cursors, number)), frame)


def _forget(cursors: dict[int, Any], number: int, _: Any) -> None:
    cursors.pop(number, None)


def _closing_cursor(_: Callable[..., Any]) -> Callable[..., Any]:
    def close(self: Any) -> Any:
        """Close the driver's cursor, as without the plugin, and tell the ledger."""
        opened = self.db.__dict__.get(OPENING)
        if opened is not None and opened.cursors:
            opened.cursors.pop(id(self), None)
        return self.cursor.close()

    return close
