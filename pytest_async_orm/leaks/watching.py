"""Switches the whole of the ledger on."""

from __future__ import annotations

from pytest_async_orm.frames import handoff
from pytest_async_orm.leaks.closes import watch_closes
from pytest_async_orm.leaks.coroutines import Coroutines
from pytest_async_orm.leaks.generators import Generators
from pytest_async_orm.leaks.ledger import Ledger
from pytest_async_orm.leaks.pools import Slots
from pytest_async_orm.patches.process import PROCESS


def watch_connections() -> None:
    """Keep account of real connections, so that the plugin can close those that nobody uses."""
    watch_closes()
    PROCESS.one(Ledger).watch()


def watch() -> None:
    """Watch connections, cursors, hand-overs, generators, coroutines and pools, from now on; again does no harm."""
    watch_connections()
    PROCESS.one(Ledger).judging = PROCESS.noting = True
    handoff.install()
    PROCESS.one(Generators).install()
    PROCESS.one(Coroutines).install()
    PROCESS.one(Slots).install()
