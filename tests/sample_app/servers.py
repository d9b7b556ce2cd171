"""uvicorn in a process of its own, on the test's database, reached over the loopback."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import django
from django.conf import settings
from django.db import connection, connections

POOLED = "sample_app.settings.postgresql_pool"
_NAMES = {"postgresql": "PGDATABASE", "mysql": "MYSQL_DATABASE"}
_PORTS = {"postgresql": "PGPORT", "mysql": "MYSQL_TCP_PORT"}


@dataclass(frozen=True)
class Served:
    """Where it answers, its process, and what it has logged so far."""

    url: str
    settings: str
    pid: int
    _log: IO[bytes]

    def log(self) -> str:
        return Path(self._log.name).read_text("utf-8", "replace")


def why_no_pool() -> str:
    """Why connections to the test's database cannot be kept in a pool; empty if they can."""
    if connection.vendor != "postgresql":
        return "Django has a pool for PostgreSQL alone"
    if django.VERSION < (5, 1):
        return "Django has a pool from 5.1 on"
    return "" if importlib.util.find_spec("psycopg_pool") else "psycopg_pool is not installed"


def why_not_pooled() -> str:
    """Why there is no server with a pool to try beside the one that is named."""
    return "it is what is named" if settings.SETTINGS_MODULE == POOLED else why_no_pool()


def database_environment(port: int | None = None) -> dict[str, str]:
    """What makes the sample app's settings name the test's database; `port` is where to reach its server."""
    found: dict[str, Any] = connections["default"].settings_dict
    vendor = connections["default"].vendor
    if vendor == "sqlite":
        return {"SAMPLE_APP_SQLITE_DIR": str(Path(found["NAME"]).parent)}
    return {_NAMES[vendor]: found["NAME"], **({_PORTS[vendor]: str(port)} if port else {})}


@contextmanager
def uvicorn(module: str, port: int | None = None, planted: str | None = None) -> Iterator[Served]:
    """The sample app under uvicorn; it has ended when the block has. It is stopped as a server is, by SIGTERM."""
    environment = {**os.environ, **database_environment(port), "DJANGO_SETTINGS_MODULE": module}
    if planted:
        environment |= {"DJANGO_SETTINGS_MODULE": "planted_settings", "SAMPLE_APP_BASE": module}
        environment |= {"SAMPLE_APP_PLANTED": planted, "PYTHONPATH": str(Path(__file__).parent)}
    # The socket is bound here: uvicorn accepts from its start, and no port is guessed.
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener, tempfile.NamedTemporaryFile() as log:
        arguments = ["-m", "uvicorn", "sample_app.asgi:application", "--fd", str(listener.fileno()), "--no-access-log"]
        process = subprocess.Popen(
            [sys.executable, *arguments], env=environment, pass_fds=[listener.fileno()], stdout=log, stderr=log
        )
        try:
            yield Served(f"http://127.0.0.1:{listener.getsockname()[1]}", module, process.pid, log)
        finally:
            process.send_signal(signal.SIGTERM)
            if process.wait(20) not in (0, -signal.SIGTERM):
                raise AssertionError(f"uvicorn ended with {process.returncode}:\n{Path(log.name).read_text()}")


class _Pair:
    """A client's socket and the one to the server; both threads that copy between them may end at the same moment."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.sockets = (client, server)
        self._lock = threading.Lock()
        self._ended = 0

    def start(self) -> None:
        client, server = self.sockets
        for source, target in ((client, server), (server, client)):
            threading.Thread(target=self._pump, args=(source, target), daemon=True).start()

    def shut(self) -> None:
        """Wake whoever reads or writes. Not under a close: the number of a closed socket may be a new connection's."""
        with self._lock:
            for each in self.sockets:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        self.shut()
        with self._lock:
            self._ended += 1
            if self._ended == len(self.sockets):
                self.close()

    def close(self) -> None:
        for each in self.sockets:
            each.close()


class Proxy:
    """A TCP proxy in front of a database server, which can be cut and restored: the server itself is not touched."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._pairs: list[_Pair] = []
        self._lock = threading.Lock()
        self._whole = True
        self.passed = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break every connection, and each new one at once."""
        with self._lock:
            self._whole = False
            broken, self._pairs = self._pairs, []
        for pair in broken:
            pair.shut()

    def restore(self) -> None:
        with self._lock:
            self._whole = True

    def close(self) -> None:
        # A thread that waits in accept() is woken by shutdown(), not by close().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._connect(client)

    def _connect(self, client: socket.socket) -> None:
        pair = _Pair(client, socket.create_connection(self._target))
        with self._lock:
            if not self._whole:
                pair.close()
                return
            self._pairs.append(pair)
            self.passed += 1
        pair.start()
