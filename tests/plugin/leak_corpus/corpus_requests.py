"""Real requests: the ASGI handler without a client's short cuts, alone and behind a server."""

import asyncio
import threading
import urllib.request
from contextlib import contextmanager

from django.core.asgi import get_asgi_application
from django.db import connections


def scope(path):
    return {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": [(b"host", b"testserver")], "asgi": {"version": "3.0"}, "http_version": "1.1",
        "server": ("testserver", 80), "client": ("127.0.0.1", 1), "scheme": "http", "root_path": "",
    }  # fmt: skip


class Client:
    """One request after another."""

    def __init__(self):
        self.app = get_asgi_application()
        self.messages = []
        self.gone = asyncio.Event()
        self._asked = False

    async def receive(self):
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b""}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        self.messages.append(message)

    async def get(self, path):
        await self.app(scope(path), self.receive, self.send)
        return self.messages[0]["status"] if self.messages else None


async def get(path):
    return await asyncio.wait_for(Client().get(path), 20)


@contextmanager
def kept_open(seconds, *aliases):
    """CONN_MAX_AGE for a while."""
    settings = [connections.settings[alias] for alias in aliases or ("default",)]
    for one in settings:
        one["CONN_MAX_AGE"] = seconds
    try:
        yield
    finally:
        for one in settings:
            one["CONN_MAX_AGE"] = 0


@contextmanager
def served():
    """uvicorn in a thread."""
    import uvicorn

    started = threading.Event()

    class Server(uvicorn.Server):
        async def startup(self, sockets=None):
            await super().startup(sockets=sockets)
            started.set()

    server = Server(uvicorn.Config(get_asgi_application(), port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, name="uvicorn")
    thread.start()
    started.wait(20)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(20)


def fetch(url):
    with urllib.request.urlopen(url, timeout=20) as response:
        return response.read()
