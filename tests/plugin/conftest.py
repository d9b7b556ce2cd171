"""Sandboxes for plain calls, over the transaction of the test itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from flush_calls import make
from forking import Forked, Nursery
from natural_matrix import why_not
from natural_observer import Observer

from pytest_async_orm.flushing.seam import Flushing
from pytest_async_orm.sharing.layers import Layers
from pytest_async_orm.sharing.sandbox import Sandbox
from pytest_async_orm.sharing.scopes import scope_transaction

DATABASE = os.environ.get("NATURAL_DATABASE", "sqlite-memory")
# Programs for an inner run: see `test_leak_corpus.py`.
collect_ignore = ["leak_corpus"]
HERE = Path(__file__).resolve().parent
INSTALLED = bool(entry_points(group="pytest11", name="async_orm"))
# Their assertions are what the tests of planted faults look for.
pytest.register_assert_rewrite("task_trees", "thread_states")
PREAMBLE = """
import asyncio, threading
import pytest, pytest_asyncio
from asgiref.sync import sync_to_async
from django.db import connection, connections, transaction
from sample_app.models import AuditEntry, Comment, Post, Tag
"""


# What takes long, or needs a browser or an installer: every other test but those of planted faults is in `quick`.
SLOW = (
    "test_environment",
    "test_flush_wiring",
    "test_gevent",
    "test_joining",
    "test_leak_corpus",
    "test_machine",
    "test_named_cursors",
    "test_natural_matrix",
    "test_older_threads",
    "test_page_browser",
    "test_page_widths",
    "test_planted_faults",
    "test_public_suites",
    "test_random_runs",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip where the server does not answer; under CI that is a failure."""
    for item in items:
        if item.path.stem in SLOW:
            item.add_marker(pytest.mark.slow)
    if reason := why_not(DATABASE):
        for item in items:
            item.add_marker(pytest.mark.skip(reason=f"{DATABASE} does not answer: {reason}"))


def own_database(variable: str, name: str) -> str:
    """The name of a database that no other suite and no other worker uses."""
    return f"{os.environ.get(variable, 'async_orm')}_{name}{os.environ.get('PYTEST_XDIST_WORKER', '')}"


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Processes that have imported pytest, its plugins and Django, but not the plugin."""
    nursery = Nursery("warm_pytest")
    yield nursery
    nursery.close()


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One browser with a fresh profile for all tests of a file."""
    from browser import started

    with started(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


class InnerDatabases:
    """Databases for inner runs on a server, which keep them for the next run: making them is what takes long."""

    def __init__(self) -> None:
        self.names = {name: own_database(name, "inner") for name in ("PGDATABASE", "MYSQL_DATABASE")}
        self.options = [] if DATABASE.startswith("sqlite") else ["--reuse-db"]
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.names.items():
                patch.setenv(name, value)
            self._observer = Observer(DATABASE, "") if self.options else None

    def drop(self) -> None:
        """Drop them all: what an interrupted session has left may have other tables."""
        if self._observer is not None:
            self._observer.drop()

    def close(self) -> None:
        """Drop them, and look at nothing any more."""
        self.drop()
        if self._observer is not None:
            self._observer.close()

    def let_go(self) -> None:
        """Keep no database in which a run has left rows."""
        if self._observer is not None and self._observer.rows():
            self._observer.drop()


@pytest.fixture(scope="session")
def inner_databases() -> Iterator[InnerDatabases]:
    """This worker's databases for inner runs."""
    databases = InnerDatabases()
    databases.drop()
    yield databases
    databases.close()


@pytest.fixture
def inner_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inner_databases: InnerDatabases) -> None:
    """The environment of a suite in a process of its own: the same database server and another database."""
    roots = [HERE.parent / "natural", HERE.parent.parent]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, roots)))
    for name, value in inner_databases.names.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    monkeypatch.setenv("NATURAL_DIRECTORY", str(tmp_path))


@pytest.fixture
def run(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    nursery: Nursery,
    inner_databases: InnerDatabases,
    inner_environment: None,
):
    """Run a suite in a process of its own."""

    def popen(command: list[str], stdin: object, stdout: Any, stderr: Any, **_: object) -> Forked:
        """Pytester's, which starts a process for `runpytest_subprocess`."""
        environment = {**os.environ, "HOME": str(pytester.path), "USERPROFILE": str(pytester.path)}
        return nursery.start(command[1:], env=environment, stdout=stdout, stderr=stderr)

    monkeypatch.setattr(pytester, "popen", popen)
    monkeypatch.setenv("NATURAL_DIRECTORY", str(pytester.path))

    def call(source: str, *arguments: str, ini: str = "", settings: str = "natural_settings") -> pytest.RunResult:
        pytester.makeini(
            f"[pytest]\nDJANGO_SETTINGS_MODULE = {settings}\nasyncio_mode = auto\n"
            "asyncio_default_fixture_loop_scope = function\npythonpath = .\n"
            f"{ini}"
        )
        pytester.makepyfile(test_inner=PREAMBLE + source)
        plugin = [] if INSTALLED else ["-p", "pytest_async_orm.plugin"]
        options = [*plugin, "--nomigrations", *inner_databases.options, "-p", "no:randomly", "-p", "no:cacheprovider"]
        # Many times what any of them takes: one that waits for ever fails its test, instead of stopping all others.
        ended = pytester.runpytest_subprocess(*options, *arguments, timeout=300)
        inner_databases.let_go()
        return ended

    return call


class Worker:
    """A thread of its own that runs one call after another."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1)

    def __call__(self, call: Callable[..., Any], *args: Any) -> Any:
        return self.start(call, *args).result(20)

    def start(self, call: Callable[..., Any], *args: Any) -> Future[Any]:
        return self._pool.submit(call, *args)

    def stop(self) -> None:
        self._pool.submit(connections.close_all).result(20)
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
def flushing() -> Flushing:
    """Touched flushes, called by hand."""
    return make()


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
def shared_connection(sandbox: Sandbox) -> Any:
    return sandbox._shared["default"]
