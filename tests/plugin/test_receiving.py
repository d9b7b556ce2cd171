"""Threads that wait for a message of a broker, a connection, a line: idle between two of them, at work while they take
one.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import Pipe
from typing import Any

import pytest
from thread_states import WAITING, until

from pytest_async_orm.frames.workers import call_of, is_idle

# A broker's client, as it would be installed: `pop` stands in its own frames and in C, `work` is a loop of its own.
BROKER = """
def blpop(connection):
    return read(connection)

def read(connection):
    return connection.recv(1)

def listen(connection):
    while True:
        yield read(connection)

def answer(connection):
    while True:
        return read(connection)

def work(connection, do):
    while True:
        if do(read(connection)):
            break
"""
broker: Any = {}
exec(compile(BROKER, "/nowhere/site-packages/broker.py", "exec"), broker)


def takes(connection: socket.socket, do: Callable[[bytes], bool]) -> None:
    blpop = broker["blpop"]
    while True:
        if do(blpop(connection)):
            break


def goes_through(connection: socket.socket, do: Callable[[bytes], bool]) -> None:
    listen = broker["listen"]
    for message in listen(connection):
        if do(message):
            break


def runs_a_loop(connection: socket.socket, do: Callable[[bytes], bool]) -> None:
    work = broker["work"]
    work(connection, do)


def reads_from_a_socket(connection: socket.socket, do: Callable[[bytes], bool]) -> None:
    while True:
        message = connection.recv(1)
        if do(message):
            break


def reads_lines(connection: socket.socket, do: Callable[[bytes], bool]) -> None:
    with connection.makefile("rb", buffering=0) as lines:
        while True:
            message = lines.readline(1)
            if do(message):
                break


def asks_and_awaits(connection: socket.socket, do: Callable[[bytes], bool]) -> None:
    """In the middle of a turn: what it waits for is the answer to what it has asked."""
    answer = broker["answer"]
    while True:
        if do(answer(connection)):
            break


def takes_one(connection: socket.socket, do: Callable[[bytes], bool]) -> None:
    """No loop: what follows is this call's work."""
    do(broker["blpop"](connection))


class Served:
    """A thread over one end of a pair of sockets."""

    def __init__(self, run: Callable[..., None]) -> None:
        self.here, self.there = socket.socketpair()
        self.begun, self.go_on = threading.Semaphore(0), threading.Semaphore(0)
        self.thread = threading.Thread(target=run, args=(self.there, self.do), daemon=True)
        self.thread.start()

    def do(self, message: bytes) -> bool:
        self.begun.release()
        self.go_on.acquire(timeout=WAITING)
        return message != b"x"

    def send(self, message: bytes = b"x") -> None:
        self.here.send(message)
        assert self.begun.acquire(timeout=WAITING)


@contextmanager
def served(run: Callable[..., None]) -> Iterator[Served]:
    found = Served(run)
    yield found
    with suppress(OSError):
        found.here.send(b".")
    found.go_on.release()
    found.thread.join(WAITING)
    found.here.close()
    found.there.close()


CONSUMERS = [takes, goes_through, runs_a_loop, reads_from_a_socket, reads_lines]


@pytest.mark.parametrize("run", CONSUMERS, ids=lambda run: run.__name__)
def test_between_two_messages(run: Callable[..., None]) -> None:
    """A consumer is idle before and after each message, and at work on it."""
    with served(run) as found:
        for _ in range(2):
            assert until(lambda: is_idle(found.thread)), call_of(found.thread)
            found.send()
            assert not is_idle(found.thread)
            found.go_on.release()
        assert until(lambda: is_idle(found.thread))


@pytest.mark.parametrize("run", [asks_and_awaits, takes_one], ids=lambda run: run.__name__)
def test_in_the_middle_of_a_turn(run: Callable[..., None]) -> None:
    """Who waits for an answer, or for one message alone, is at work."""
    with served(run) as found:
        assert until(lambda: call_of(found.thread))
        assert not any(is_idle(found.thread) for _ in range(200))


def test_connections() -> None:
    """A server of the program's own waits for the next connection."""

    def accepts() -> None:
        while True:
            connection, _ = server.accept()
            with connection:
                if connection.recv(1) == b".":
                    break

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=accepts, daemon=True)
        thread.start()
        assert until(lambda: is_idle(thread)), call_of(thread)
        with socket.create_connection(server.getsockname()) as client:
            client.send(b".")
        thread.join(WAITING)


def test_rest_of_a_stream() -> None:
    """The head of a `for` over what nobody calls a message: its turns are the call's work."""

    def reads() -> None:
        with os.fdopen(reader) as lines:
            for _ in lines:
                pass

    reader, writer = os.pipe()
    thread = threading.Thread(target=reads, daemon=True)
    thread.start()
    assert until(lambda: call_of(thread))
    assert not is_idle(thread)
    os.close(writer)
    thread.join(WAITING)


def test_processes_pipe() -> None:
    """What another process sends."""

    def polls() -> None:
        while True:
            if there.poll(0.05) and there.recv() is None:
                break

    here, there = Pipe()
    thread = threading.Thread(target=polls, daemon=True)
    thread.start()
    assert until(lambda: is_idle(thread)), call_of(thread)
    here.send(None)
    thread.join(WAITING)


def test_tests_share_a_consumer(run: Any, pytester: pytest.Pytester) -> None:
    """What a thread that one test starts does for the next one is the next one's, and nothing is told of it."""
    pytester.makepyfile(
        test_it="""
        import asyncio, functools, socket, threading
        from concurrent.futures import Future

        import pytest
        from django.contrib.auth.models import Group
        from django.db import connections

        pytestmark = pytest.mark.django_db


        class Broker:
            def __init__(self):
                self.server = socket.create_server(("127.0.0.1", 0))
                self.jobs = {}
                threading.Thread(target=self.run, daemon=True).start()

            def run(self):
                while True:
                    connection, _ = self.server.accept()
                    with connection:
                        future = self.jobs[connection.recv(1)]
                    try:
                        Group.objects.create(name="g")
                        result = Group.objects.count()
                        connections.close_all()
                        future.set_result(result)
                    except BaseException as error:
                        future.set_exception(error)

            def send(self, key):
                self.jobs[key] = future = Future()
                with socket.create_connection(self.server.getsockname()) as client:
                    client.send(key)
                return future


        broker = functools.cache(Broker)


        @pytest.mark.parametrize("key", [b"1", b"2", b"3"])
        async def test_it(key):
            assert await asyncio.wrap_future(broker().send(key)) == 1
        """
    )
    result = run("-q", "test_it.py")
    result.assert_outcomes(passed=3)
    result.stdout.no_fnmatch_line("*work left running*")
