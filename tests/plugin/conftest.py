"""Sandboxes for plain calls, over the transaction of the test itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from pytest_async_orm.sandbox.isolation import Sandbox
from pytest_async_orm.sandbox.layers import Layers
from pytest_async_orm.sandbox.scopes import scope_transaction


class Worker:
    """A thread of its own that runs one call after another."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1)

    def __call__(self, call: Callable[..., Any], *args: Any) -> Any:
        return self.start(call, *args).result(20)

    def start(self, call: Callable[..., Any], *args: Any) -> Future[Any]:
        return self._pool.submit(call, *args)

    def stop(self) -> None:
        self._pool.shutdown()


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.stop()


@pytest.fixture
def other_worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.stop()


@pytest.fixture
def layers() -> Layers:
    return Layers()


@pytest.fixture
def sandbox(db: None, layers: Layers) -> Iterator[Sandbox]:
    """A sandbox with a short time-out, started by hand: the tests that use it are marked `off`."""
    with ExitStack() as stack:
        sandbox = stack.enter_context(scope_transaction(["default"], "test_example.py::test_it", 0.3))
        layers.push(sandbox)
        yield sandbox
        if layers.top is sandbox:
            layers.pop()


@pytest.fixture
def physical(sandbox: Sandbox) -> Any:
    return sandbox._physicals["default"]
