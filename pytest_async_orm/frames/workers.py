"""Which threads work, and for whom, told by their frames."""

from __future__ import annotations

import concurrent.futures.thread
import os
import threading
from pathlib import Path
from types import FrameType

from pytest_async_orm.frames.stacks import frames_of
from pytest_async_orm.patches.executors import is_worker_loop

_STDLIB = str(Path(threading.__file__).parent) + os.sep
_EXECUTOR = concurrent.futures.thread.__file__
# A worker waits for its next call in frames of these alone.
_POOLS = (f"{os.sep}anyio{os.sep}",)


def _is_waiting_frame(frame: FrameType) -> bool:
    path = frame.f_code.co_filename
    if "site-packages" in path:
        return any(part in path for part in _POOLS)
    return path.startswith((_STDLIB, "<frozen"))


def is_idle(thread: threading.Thread) -> bool:
    """Whether a thread has ended or only waits, as a pool's worker or a bare event loop does, with no one's code
    on its stack.
    """
    return all(_is_waiting_frame(frame) for frame in frames_of(thread))


def call_of(thread: threading.Thread) -> FrameType | None:
    """The frame of the call that an executor's worker runs at the moment; None for other threads and for idle workers.

    The frame object is the call's identity: while it is on the thread's stack, the thread still works on that call.
    """
    below: FrameType | None = None
    for frame in frames_of(thread):
        if is_worker_loop(frame):
            return below
        below = frame
    return None


def runs_for_executor(thread: threading.Thread) -> bool:
    """Whether a thread runs a call that an executor was given."""
    return any(frame.f_code.co_filename == _EXECUTOR for frame in frames_of(thread))
