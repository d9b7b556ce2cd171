"""Connections that are taken from a psycopg pool by hand, past Django: they are slots all the same.

`ConnectionPool.getconn` and `putconn` are public; patched once a process, when a pool is in use.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from functools import wraps
from typing import Any

from pytest_async_orm.connections.ledger import LEDGER
from pytest_async_orm.connections.places import Spot
from pytest_async_orm.connections.spawning import SPAWNING

_DJANGO = "get_new_connection"


class Slot:
    """A pool's connection in the user's hands."""

    def __init__(self, pool: Any, frame: Any) -> None:
        self.pool_name = str(pool.name)
        self.spot: Spot | None = SPAWNING.spot(frame)
        self.test = SPAWNING.present_test()
        self.thread_name = threading.current_thread().name


class Slots:
    """One a process."""

    def __init__(self) -> None:
        self._taken: dict[int, Slot] = {}
        self._installed = False

    def install(self) -> None:
        # Django imports the pool's package when the first pool is made.
        module = sys.modules.get("psycopg_pool")
        if module is not None and not self._installed:
            self._installed = True
            pool = module.ConnectionPool
            pool.getconn, pool.putconn = self._taking(pool.getconn), self._returning(pool.putconn)

    def take(self) -> list[Slot]:
        """Slots that were not returned, and forget all."""
        taken, self._taken = self._taken, {}
        return list(taken.values())

    def _taking(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(original)
        def getconn(pool: Any, *args: Any, **kwargs: Any) -> Any:
            connection = original(pool, *args, **kwargs)
            frame = sys._getframe(1)
            if LEDGER.watching and frame.f_code.co_name not in (_DJANGO, "inner"):
                self._taken[id(connection)] = Slot(pool, frame)
            return connection

        return getconn

    def _returning(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(original)
        def putconn(pool: Any, conn: Any) -> None:
            self._taken.pop(id(conn), None)
            original(pool, conn)

        return putconn


SLOTS = Slots()
