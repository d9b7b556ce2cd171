"""Call a function in a process of its own, forked from this one, and have what it gives."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

# Processor seconds are not bounded: a defect that makes it loop is one that hangs.
Outcome = dict[str, Any]


def in_child(function: Callable[[], Outcome], timeout: float) -> Outcome:
    """What the function gives there, which JSON must be able to hold.

    `{"broken": TEXT}` where it raises, is over its time (seconds), or the process dies. Needs a system that can fork,
    and a process without threads.
    """
    read, write = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        _be_child(function, write)
    os.close(write)
    try:
        text = _read(read, time.monotonic() + timeout)
    finally:
        os.close(read)
        _end(pid)
    if text is None:
        return {"broken": f"no answer within {timeout:.0f} s", "kind": "timeout"}
    return json.loads(text) if text else {"broken": "the process died", "kind": "crash"}


def _be_child(function: Callable[[], Outcome], write: int) -> None:
    """Whatever happens, nothing of what the parent would do at its end is done here."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)
        try:
            outcome = function()
        except BaseException as error:  # noqa: BLE001 - whatever it is, the parent is told
            outcome = {"broken": f"{error!r}", "kind": "error", "stack": traceback.format_exc()[-4000:]}
        _write(write, json.dumps(outcome).encode())
    finally:
        os._exit(0)


def _write(descriptor: int, text: bytes) -> None:
    while text:
        text = text[os.write(descriptor, text) :]


def _read(descriptor: int, deadline: float) -> bytes | None:
    """All until the other end is closed; None if it is not by then."""
    found = b""
    while select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))[0]:
        chunk = os.read(descriptor, 1 << 16)
        if not chunk:
            return found
        found += chunk
    return None


def _end(pid: int) -> None:
    """It is of no more use."""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
