"""What CPython tells of its threads, without the fault that it has in some releases."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from types import FrameType

_LOCK = threading.Lock()


def current_frames() -> dict[int, FrameType]:
    """The innermost frame of each thread, by its `ident`.

    `sys._current_frames` allocates while it holds the interpreter's list of threads. Before Python 3.11.10 and 3.12 a
    garbage collection that begins there, and drops a thread's state, waits for that list for ever (CPython's issue
    106883): so none begins.
    """
    with _LOCK:
        collects = gc.isenabled()
        gc.disable()
        try:
            return sys._current_frames()
        finally:
            if collects:
                gc.enable()


def runs_no_loop() -> bool:
    """Whether no event loop runs on the calling thread, told without an exception: by `asyncio._get_running_loop`,
    which is exported and meant for asyncio's own use, seen in Python 3.10 to 3.14.
    """
    return asyncio._get_running_loop() is None
