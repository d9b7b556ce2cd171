"""What waits or works on the event loop's thread while a coroutine is awaited."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any

from conformance.checks.instruments.hashing import HASHING

# Input, output and waits that Python tells its audit hooks of.
_EVENTS = {
    HASHING,
    "open",
    "os.link",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "shutil.rmtree",
    "socket.connect",
    "socket.getaddrinfo",
    "socket.sendto",
    "sqlite3.connect",
    "subprocess.Popen",
    "tempfile.mkstemp",
    "time.sleep",
}
# What an import opens says nothing of the call.
_CODE = {".py", ".pyc", ".so", ".pyi", ".mo"}
# Seconds in which a loop that is free takes its turn. Never waited for where all is well.
PATIENCE = 5.0


class LoopWatch:
    """One for each process: an audit hook cannot be taken away, so it is switched."""

    def __init__(self) -> None:
        self._thread: int | None = None
        self._seen: list[str] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        sys.addaudithook(self._hear)

    @contextmanager
    def watching(self, seen: list[str], hops: list[None]) -> Iterator[None]:
        """Inside a coroutine: what its loop's thread does goes to `seen`, each hand-over to a thread into `hops`."""
        loop = asyncio.get_running_loop()
        self._seen, self._loop, self._thread = seen, loop, threading.get_ident()
        hand_over = loop.run_in_executor

        def run_in_executor(executor: Any, function: Any, *args: Any) -> Any:
            hops.append(None)
            return hand_over(executor, function, *args)

        watched: Any = loop
        watched.run_in_executor = run_in_executor
        sleep = time.sleep
        if sys.version_info < (3, 13):
            # Audit hooks are not told of it there.
            time.sleep = self._sleep(sleep)
        try:
            yield
        finally:
            time.sleep = sleep
            self._thread = self._loop = None
            del watched.run_in_executor

    def turns(self) -> None:
        """Called on another thread while work is done there: the loop must take its turn meanwhile."""
        loop, self._loop = self._loop, None
        if loop is None or self._thread == threading.get_ident():
            return
        turned = threading.Event()
        loop.call_soon_threadsafe(turned.set)
        if not turned.wait(PATIENCE):
            self._seen.append("its thread waited while a statement ran on another one")

    def _sleep(self, sleep: Callable[[float], None]) -> Callable[[Any], None]:
        def heard(seconds: Any) -> None:
            self._hear("time.sleep", (seconds,))
            sleep(seconds)

        return heard

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if self._thread is None or event not in _EVENTS or self._thread != threading.get_ident():
            return
        if event == "open" and not _is_data(args[0]):
            return
        self._seen.append(event)


def _is_data(path: Any) -> bool:
    """Whether it is a file of somebody's. What Python calls `<unknown>` is no file: a traceback asks for its line."""
    return isinstance(path, (str, bytes)) and PurePath(str(path)).suffix not in _CODE and not str(path).startswith("<")
