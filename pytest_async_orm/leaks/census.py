"""The server as witness: what it sees is compared with the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.db import connections

from pytest_async_orm.clock import REAL
from pytest_async_orm.drivers.servers import Unseen, seen_by_server, was_ended_by_server
from pytest_async_orm.leaks.ledger import Ledger
from pytest_async_orm.leaks.opened_connection import OpenedConnection
from pytest_async_orm.patches.process import PROCESS
from pytest_async_orm.records import Census

# A server notices a close a little later than the client that closes.
_GRACE_SECONDS = 2.0
_POLL_SECONDS = 0.02


def take_census(aliases: Iterable[str] | None = None) -> list[Census]:
    """Ask the server of each database; by the calling thread's settings, on a connection of the census's own."""
    return [_of_alias(alias) for alias in (connections if aliases is None else aliases)]


def _of_alias(alias: str) -> Census:
    wrapper: Any = connections[alias]
    real = wrapper.real_wrapper() if getattr(wrapper, "is_virtual", False) else wrapper
    return census_of(alias, real)


def census_of(alias: str, wrapper: Any) -> Census:
    """Compare the ledger with one database's server; a disagreement is asked again for 2 seconds before it counts."""
    ledger = PROCESS.one(Ledger)
    deadline = REAL.monotonic() + _GRACE_SECONDS
    while True:
        mine = [opened for opened in ledger.connections() if not opened.virtual and _same_database(opened, wrapper)]
        still_open = [opened for opened in mine if opened.is_physically_open]
        try:
            seen = seen_by_server(wrapper)
        except Unseen as reason:
            return Census(alias, len(still_open), None, 0, "", str(reason))
        except Exception as error:  # noqa: BLE001 - each driver has its own
            return Census(alias, len(still_open), None, 0, "", f"the server does not answer: {error!r}")
        census = _compared(alias, wrapper.vendor, mine, still_open, seen)
        if not census.disagreement or REAL.monotonic() >= deadline:
            return census
        with ledger.changed:
            ledger.changed.wait(_POLL_SECONDS)


def _same_database(opened: OpenedConnection, wrapper: Any) -> bool:
    return (opened.vendor, opened.database) == (wrapper.vendor, str(wrapper.settings_dict.get("NAME") or ""))


def _compared(
    alias: str, vendor: str, mine: list[OpenedConnection], still_open: list[OpenedConnection], seen: Counter[int]
) -> Census:
    if vendor == "sqlite":
        return _compared_files(alias, still_open, seen[0])
    held = {opened.server_id for opened in still_open if not was_ended_by_server(opened.wrapper)}
    # A pool keeps the connections that were returned to it.
    closed = {opened.server_id for opened in mine if not opened.may_be_kept} - held
    missing, undead = held - seen.keys(), closed & seen.keys()
    texts = [
        f"{len(missing)} that the ledger holds for open are unknown to the server" if missing else "",
        f"{len(undead)} that the ledger holds for closed are open on the server" if undead else "",
    ]
    strangers = len(seen.keys() - {opened.server_id for opened in mine})
    return Census(alias, len(held), len(held & seen.keys()), strangers, " and ".join(filter(None, texts)), "")


def _compared_files(alias: str, still_open: list[OpenedConnection], descriptors: int) -> Census:
    """SQLite keeps a closed connection's descriptor while another one of the process holds a lock on the file."""
    missing = len(still_open) - descriptors
    text = f"{missing} that the ledger holds for open have no open file" if missing > 0 else ""
    return Census(alias, len(still_open), min(len(still_open), descriptors), max(0, -missing), text, "")
