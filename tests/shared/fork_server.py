"""The process of `forking.Nursery`: imports what many short processes need, and forks one for each order.

python fork_server.py DESCRIPTOR WARM_UP
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn


class Server:
    """Hears orders on a socket, forks, and tells how each child ended on the descriptor that came with its order."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        # The path as it is without what PYTHONPATH and the working directory of this process add.
        added = {str(Path(__file__).resolve().parent), *os.environ.get("PYTHONPATH", "").split(os.pathsep)}
        self._path = [entry for entry in sys.path if entry not in added]
        # Where to tell of each child that has not ended.
        self._children: dict[int, int] = {}
        self._wake, wake = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(self._wake, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> dict[str, Any]:
        """Return in each child, with its order; this process ends when nobody can order any more."""
        while True:
            ready, _, _ = select.select([self._channel, self._wake], [], [])
            if self._wake in ready:
                os.read(self._wake, 1 << 12)
                self._reap()
            if self._channel in ready:
                order = self._fork_next()
                if order is not None:
                    return order

    def _fork_next(self) -> dict[str, Any] | None:
        """Fork for the next order: the order in the child, None in this process."""
        size, descriptors, _, _ = socket.recv_fds(self._channel, 4, 4)
        if not size:
            _leave()
        order: dict[str, Any] = json.loads(self._read(int.from_bytes(size, "big")))
        *streams, report = descriptors
        pid = os.fork()
        if pid == 0:
            self._become(order, streams, report)
            return order
        for stream in streams:
            os.close(stream)
        self._children[pid] = report
        os.write(report, f"{pid}\n".encode())
        return None

    def _read(self, size: int) -> bytes:
        """So many bytes of an order."""
        text = b""
        while len(text) < size:
            text += self._channel.recv(size - len(text))
        return text

    def _become(self, order: dict[str, Any], streams: list[int], report: int) -> None:
        """Take on what a process of its own would have started with."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self._channel.close()
        for descriptor in (report, *self._children.values()):
            os.close(descriptor)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        os.chdir(order["cwd"])
        os.environ.clear()
        os.environ.update(order["environ"])
        given = [entry for entry in order["environ"].get("PYTHONPATH", "").split(os.pathsep) if entry]
        sys.path[:] = [order["cwd"], *given, *self._path]
        importlib.invalidate_caches()
        for output in (sys.stdout, sys.stderr):
            output.reconfigure(write_through=order["unbuffered"])  # type: ignore[union-attr]

    def _reap(self) -> None:
        """Tell of every child that has ended."""
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            report = self._children.pop(pid)
            with contextlib.suppress(BrokenPipeError):  # nobody waits for it
                os.write(report, f"{os.waitstatus_to_exitcode(status)}\n".encode())
            os.close(report)


def _leave() -> NoReturn:
    """End without the clean-up that the children's imports may have registered."""
    os._exit(0)


def main() -> None:
    """Warm up, fork, and be what was ordered."""
    descriptor, warm_up = sys.argv[1:]
    channel = socket.socket(fileno=int(descriptor))
    warm: Any = importlib.import_module(warm_up)
    warm.warm_up()
    # Pages that the collector does not touch stay shared with the children.
    gc.collect()
    gc.freeze()
    order = Server(channel).serve()
    warm.born()
    sys.argv = [order["module"], *order["arguments"]]
    runpy.run_module(order["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
