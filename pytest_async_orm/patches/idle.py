"""The functions of the standard library and of pools in which a thread or a task waits, by file and name.

Each is private to its package and pinned by `test_places_of_waiting`: seen in Python 3.10 to 3.14, asgiref 3.6 to 3.13,
trio 0.22 to 0.35, anyio 4.0 to 4.16, gevent 24 to 26 and nest_asyncio 1.6.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from functools import lru_cache
from types import FrameType
from typing import Any, Literal

Place = Literal["lock", "queue", "pool", "server", "loop", "runner", "hands back", "start"]
"""`lock`: waits for another thread or task, and is no work of its own. `queue`: takes from a queue. `pool`: the loop in
which a pool's thread takes its calls. `server`: waits for whatever comes. `loop`: asyncio's, where it waits; `runner`:
what runs one that has no frames of its own (uvloop). `hands back`: asgiref's queue for a thread that waits for a
coroutine, and so is in the middle of a call. `start`: beneath whatever a thread runs."""

_PLACES: dict[Place, dict[str, str]] = {
    "lock": {
        "/threading.py": "wait wait_for acquire __enter__ join _wait_for_tstate_lock",
        "/selectors.py": "select",
        "/asyncio/locks.py": "wait wait_for acquire",
        "/anyio/_backends/_asyncio.py": "wait",
        "/gevent/thread.py": "acquire",
        "/gevent/lock.py": "acquire __enter__",
    },
    "queue": {
        "/queue.py": "get",
        "/multiprocessing/queues.py": "get",
        "/asyncio/queues.py": "get",
        "/anyio/streams/memory.py": "receive",
        "/gevent/_threading.py": "get",
    },
    "pool": {
        "/concurrent/futures/thread.py": "_worker",
        "/multiprocessing/pool.py": "worker",
        "/trio/_core/_thread_cache.py": "_work",
        "/anyio/_backends/_asyncio.py": "run",
        "/gevent/threadpool.py": "run",
    },
    "server": {
        "/socketserver.py": "serve_forever",
        "/trio/_core/_io_epoll.py": "get_events",
        "/trio/_core/_io_kqueue.py": "get_events",
        "/trio/_core/_run.py": "run unrolled_run",
    },
    "loop": {"/asyncio/base_events.py": "_run_once", "/nest_asyncio.py": "_run_once"},
    "runner": {"/asyncio/runners.py": "run"},
    "hands back": {"/asgiref/current_thread_executor.py": "run_until_future"},
    "start": {"/threading.py": "run _bootstrap _bootstrap_inner"},
}


def place_of(frame: FrameType) -> Place | None:
    """Which of these functions a frame is; None for any other."""
    code = frame.f_code
    return _place(code.co_filename, code.co_name)


@lru_cache(maxsize=4096)
def _place(filename: str, name: str) -> Place | None:
    path = filename.replace(os.sep, "/")
    for place, functions in _PLACES.items():
        if any(path.endswith(tail) and name in names.split() for tail, names in functions.items()):
            return place
    return None


def loop_at(frame: FrameType) -> asyncio.AbstractEventLoop | None:
    """The event loop that a frame of the places `loop` and `runner` waits in; None if it tells of none."""
    found: Any = frame.f_locals.get("self")
    with suppress(RuntimeError):
        # A runner that is closed at this moment has none any more.
        found = found.get_loop() if hasattr(found, "get_loop") else found
    return found if isinstance(found, asyncio.AbstractEventLoop) else None
