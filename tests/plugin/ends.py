"""Generated ends: threads do generated things with one connection, and at a generated moment the sandbox ends.

The connection is a stand-in that notes who uses it and when, so that a run takes milliseconds and needs no database:
nobody may use it at the same time as another, and nobody but the end itself once the end was told.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import SimpleNamespace
from typing import Any

from hypothesis import strategies as st

from pytest_async_orm.errors import SandboxEnded
from pytest_async_orm.sharing.commits import Commits
from pytest_async_orm.sharing.connection_queue import ConnectionQueue
from pytest_async_orm.sharing.cursors import cursor_over
from pytest_async_orm.sharing.lease import Lease
from pytest_async_orm.sharing.shared_connection import SharedConnection

MILLISECOND = 0.001
STEPS = (
    "statement",
    "slow statement",
    "fetch",
    "begin",
    "commit",
    "roll back",
    "close",
    "long statement",
    "pause",
    "die",
)


class Wire:
    """What sqlite3's connection is to a sandbox, without a database."""

    in_transaction = True
    total_changes = 0

    def __init__(self) -> None:
        self.users: list[str] = []
        self.faults: list[str] = []
        self.ended = False
        self.uses = 0

    @contextmanager
    def use(self, seconds: float = 0.0) -> Iterator[None]:
        """A round trip, which takes some seconds."""
        name = threading.current_thread().name
        if self.users:
            self.faults.append(f"{name} while {self.users} use it")
        if self.ended:
            self.faults.append(f"{name} after the end")
        self.uses += 1
        self.users.append(name)
        time.sleep(seconds)
        self.users.remove(name)
        yield

    def cursor(self) -> WireCursor:
        return WireCursor(self)

    def interrupt(self) -> None:
        """No statement here takes longer than the grace."""


class WireCursor:
    description = None
    arraysize = 1

    def __init__(self, wire: Wire) -> None:
        self.connection = wire

    def execute(self, sql: str) -> WireCursor:
        with self.connection.use(3 * MILLISECOND if sql.startswith(("slow", "ROLLBACK")) else 0.0):
            return self

    def fetchone(self) -> None:
        with self.connection.use():
            return

    def stream(self, sql: str) -> Iterator[str]:
        for _ in range(3):
            with self.connection.use(MILLISECOND):
                pass
            yield "row"

    def close(self) -> None:
        """Costs nothing."""


class Died(Exception):
    """The end of a thread in the midst of its work."""


class Program:
    """One thread: it does its steps over and over until it is refused."""

    def __init__(self, shared: SharedConnection, name: str, steps: list[str]) -> None:
        self.shared = shared
        self.steps = steps
        self.errors: list[BaseException] = []
        self.thread = threading.Thread(target=self.run, name=name)

    def run(self) -> None:
        lease = Lease(self.shared)
        try:
            while True:
                for step in self.steps:
                    self.do(step, lease)
                time.sleep(0)
        except Died:
            """It leaves its transaction open: whoever waits for it rolls that back."""
        except SandboxEnded:
            # Applications close in a finally block, also then.
            with suppress(SandboxEnded):
                lease.close()
        except BaseException as error:  # noqa: BLE001 - told by the main thread
            self.errors.append(error)

    def do(self, step: str, lease: Lease) -> None:
        cursor = cursor_over(lease, self.shared.raw.cursor())
        if step == "die":
            raise Died
        if step == "long statement":
            for _ in cursor.stream("stream"):
                time.sleep(0)
        elif step == "pause":
            time.sleep(MILLISECOND)
            # Or no end would ever come by for a program of pauses.
            cursor.fetchone()
        elif step in ("statement", "slow statement"):
            cursor.execute(step.split()[0])
        else:
            calls = {"fetch": cursor.fetchone, "begin": lease.begin, "commit": lease.commit}
            calls |= {"roll back": lease.rollback, "close": lease.close}
            calls[step]()
            if step in ("commit", "roll back", "close"):
                cursor.fetchone()


class Waking:
    """Delays threads that have just been granted the turn, as an operating system under load does."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._original = ConnectionQueue._wait_until_granted

    def __call__(self, queue: ConnectionQueue, waiter: Any) -> None:
        self._original(queue, waiter)
        time.sleep(self.seconds)


programs = st.lists(st.lists(st.sampled_from(STEPS), min_size=1, max_size=5), min_size=2, max_size=4)
# Of a thread that died in a transaction the others hear after 50 ms.
moments = st.one_of(st.integers(0, 12), st.integers(0, 12), st.integers(48, 58))
delays = st.sampled_from([0, 2, 10])


def shared_over(wire: Wire) -> SharedConnection:
    """A shared connection over a wire, which has no foreign keys to check."""
    wrapper = SimpleNamespace(
        ensure_connection=lambda: None, connection=wire, alias="default", vendor="sqlite", savepoint_ids=[]
    )
    shared = SharedConnection(wrapper, "the ended test", 5)  # type: ignore[arg-type]
    shared.commits = Commits(shared, checked=False)
    return shared


def end_at(steps: list[list[str]], moment: int) -> Wire:
    """Run programs, one thread each, end their sandbox after so many milliseconds; return the wire with its faults."""
    wire = Wire()
    shared = shared_over(wire)
    running = [Program(shared, f"thread {number}", program) for number, program in enumerate(steps)]
    for program in running:
        program.thread.start()
    time.sleep(moment * MILLISECOND)
    shared.finish(lambda: SandboxEnded("over"), 2)
    wire.ended = True
    for program in running:
        program.thread.join(10)
        assert not program.thread.is_alive(), "a thread was neither refused nor served"
        assert not program.errors, program.errors
    assert shared.lost is None, shared.lost
    assert not wire.faults, wire.faults
    return wire
