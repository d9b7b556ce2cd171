"""Switches the whole of the ledger on."""

from __future__ import annotations

from pytest_async_orm.connections.closes import watch_closes
from pytest_async_orm.connections.coroutines import COROUTINES
from pytest_async_orm.connections.generators import GENERATORS
from pytest_async_orm.connections.ledger import LEDGER
from pytest_async_orm.connections.pools import SLOTS
from pytest_async_orm.connections.spawning import SPAWNING


def watch() -> None:
    """Watch connections, cursors, hand-overs, generators, coroutines and pools, from now on; again does no harm."""
    watch_closes()
    LEDGER.watch()
    LEDGER.judging = SPAWNING.noting = True
    for part in (SPAWNING, GENERATORS, COROUTINES, SLOTS):
        part.install()
