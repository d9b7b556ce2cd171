"""The process that started this one: its orders come in, records go out, and its end is the end of this one."""

from __future__ import annotations

import json
import os
import queue
import signal
import threading
import time
from typing import Any

# Seconds that an orphan has to drop its database.
_GRACE = 10.0


class Terminated(KeyboardInterrupt):
    """SIGTERM, as an exception that lets every `finally` run.

    A kind of `KeyboardInterrupt`, because asyncio and Hypothesis let that one, and no other, through at once.
    """


class Parent:
    """Lines of JSON over what were the standard streams.

    Whatever the code under test prints goes to the standard error, so that it cannot be taken for a record, and what it
    reads from the standard input is empty.
    """

    def __init__(self) -> None:
        self._terminated = False
        signal.signal(signal.SIGTERM, self._terminate)
        self._source = os.dup(0)
        self._records = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace")
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)
        self._orders: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=self._listen, name="parent", daemon=True).start()

    def hear(self) -> dict[str, Any]:
        """The next order, waited for."""
        order: dict[str, Any] = json.loads(self._orders.get())
        return order

    def say(self, record: dict[str, Any]) -> None:
        """Hand on a record. Raises `BrokenPipeError` if nobody is there any more.

        Raises `Terminated` again where a failing clean-up replaced it by another exception: what was seen since then
        is no result.
        """
        if self._terminated:
            raise Terminated
        self._records.write(json.dumps(record, ensure_ascii=False) + "\n")
        self._records.flush()

    def _listen(self) -> None:
        """Read to the end, which comes when the parent ends, however it ends: nobody would collect what we measure."""
        rest = b""
        while chunk := os.read(self._source, 1 << 16):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self._orders.put(line)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_GRACE)
        os._exit(1)

    def _terminate(self, *_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self._terminated = True
        raise Terminated
