"""What the database's server itself says of connections: read below Django, on a connection of the census's own."""

from __future__ import annotations

import os
import select
import socket
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_FILES = Path("/proc/self/fd")


def server_id(vendor: str, raw: Any) -> int | None:
    """The number by which the server knows a driver's connection; None if there is none.

    Read from what is public in psycopg 3 (`pgconn`, since `info` would make an object at every opening), in psycopg2
    (`info`), PyMySQL and mysqlclient.
    """
    try:
        if vendor == "postgresql":
            return int((raw.pgconn if hasattr(raw, "pgconn") else raw.info).backend_pid)
        if vendor == "mysql":
            return int(raw.thread_id())
    except Exception:  # noqa: BLE001 - each driver has its own
        return None
    return None


class Unseen(Exception):
    """The server cannot be asked; the text says why."""


def seen_by_server(wrapper: Any) -> Counter[int]:
    """The connections to a wrapper's database: server ids, for SQLite how many file descriptors under the key 0.

    Raises `Unseen`.
    """
    if wrapper.vendor == "sqlite":
        return Counter({0: _descriptors(wrapper)})
    if wrapper.vendor == "postgresql":
        return _asked(wrapper, "SELECT pid, 1 FROM pg_stat_activity WHERE datname = current_database()")
    if wrapper.vendor == "mysql":
        return _asked(wrapper, "SELECT id, 1 FROM information_schema.processlist WHERE db = DATABASE()")
    raise Unseen(f"the plugin does not know how to ask a server of {wrapper.vendor}")


def _asked(wrapper: Any, sql: str) -> Counter[int]:
    connection = wrapper.Database.connect(**wrapper.get_connection_params())
    try:
        own = server_id(wrapper.vendor, connection)
        cursor = connection.cursor()
        cursor.execute(sql)
        return Counter(int(row[0]) for row in cursor.fetchall() if int(row[0]) != own)
    finally:
        connection.close()


def _descriptors(wrapper: Any) -> int:
    name = str(wrapper.settings_dict["NAME"])
    if not name or name == ":memory:" or "mode=memory" in name:
        raise Unseen("a SQLite database in memory has no server and no file: nothing but the ledger sees it")
    if not _FILES.is_dir():
        raise Unseen("without /proc the open files of the process cannot be listed")
    path = str(Path(name).resolve())
    return sum(target == path for target in _targets())


def _targets() -> Iterable[str]:
    for descriptor in list(_FILES.iterdir()):
        try:
            yield str(descriptor.readlink())
        except OSError:
            # The descriptor by which the folder was listed is closed by now.
            continue


def was_ended_by_server(wrapper: Any) -> bool:
    """Whether the server has hung up on an open connection, which the driver finds out with its next statement."""
    raw = wrapper.connection if wrapper is not None else None
    sock = getattr(getattr(raw, "pgconn", None), "socket", None) or getattr(raw, "_sock", None)
    if sock is None or sock == -1:
        return False
    number = sock if isinstance(sock, int) else sock.fileno()
    copy = socket.socket(fileno=os.dup(number))
    try:
        # A server that sends anything on its own is ending the connection.
        return bool(select.select([copy], [], [], 0)[0])
    finally:
        copy.close()
