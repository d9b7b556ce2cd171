"""Connections that are taken from a psycopg pool by hand, without Django."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from pytest_async_orm.frames import handoff
from pytest_async_orm.frames.lines import Frame
from pytest_async_orm.patches import targets
from pytest_async_orm.patches.process import PROCESS

# Django's functions that take a slot for its own connection, which the ledger knows.
_DJANGO = ("get_new_connection", "inner")


class Slot:
    """A pool's connection in the user's hands."""

    def __init__(self, pool: Any, frame: FrameType) -> None:
        self.pool_name = str(pool.name)
        self.user_frame: Frame | None = handoff.user_frame(frame)
        self.test = handoff.present_test()
        self.thread_name = threading.current_thread().name


class Slots:
    """Those that were taken and not returned since they were last asked for."""

    def __init__(self) -> None:
        self._taken: dict[int, Slot] = {}

    def install(self) -> None:
        """Note slots from now on, once there are pools: Django imports their package when the first one is made."""
        PROCESS.patches.install_when_imported(targets.TAKE_SLOT, _taking)
        PROCESS.patches.install_when_imported(targets.RETURN_SLOT, _returning)

    def note_taken(self, connection: Any, slot: Slot) -> None:
        """Remember a slot by its connection."""
        self._taken[id(connection)] = slot

    def note_returned(self, connection: Any) -> None:
        """Forget a slot."""
        self._taken.pop(id(connection), None)

    def take(self) -> list[Slot]:
        """Slots that were not returned, and forget all."""
        taken, self._taken = self._taken, {}
        return list(taken.values())


def _taking(original: Callable[..., Any]) -> Callable[..., Any]:
    def getconn(pool: Any, *args: Any, **kwargs: Any) -> Any:
        connection = original(pool, *args, **kwargs)
        frame = sys._getframe(1)
        if PROCESS.watching and frame.f_code.co_name not in _DJANGO:
            PROCESS.one(Slots).note_taken(connection, Slot(pool, frame))
        return connection

    return getconn


def _returning(original: Callable[..., Any]) -> Callable[..., Any]:
    def putconn(pool: Any, conn: Any) -> None:
        PROCESS.one(Slots).note_returned(conn)
        original(pool, conn)

    return putconn
