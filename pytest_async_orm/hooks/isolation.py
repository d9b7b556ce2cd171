"""The sandbox around one test: on top of what pytest-django set up, and gone before it is torn down."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Generator, Iterable
from contextvars import ContextVar
from functools import partial
from typing import Any

import pytest

from pytest_async_orm.errors import EnvironmentTrapWarning, LeftoverWorkWarning, TransactionLost
from pytest_async_orm.hooks.leaks import before_the_databases_go, track
from pytest_async_orm.hooks.recording import RECORDING
from pytest_async_orm.hooks.session import State, state_of
from pytest_async_orm.items import is_async_function, is_transactional, wants_sandbox
from pytest_async_orm.markers import mode_for
from pytest_async_orm.messages import sandbox as messages
from pytest_async_orm.options import lock_timeout, sandbox_mode
from pytest_async_orm.patches.process import PROCESS


def around_helper(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    """Let pytest-django set a test up on the real connections, then start the sandbox on top of its transaction.

    Finalizers run in reverse: what is added before the set-up runs after pytest-django's tear-down.
    """
    state = state_of(request.config)
    state.test_starts(request.node.nodeid)
    track(request.node, state)
    if state.layers.depth and is_transactional(request.node):
        raise pytest.UsageError(messages.transactional_inside_scope(request.node.nodeid))
    state.layers.suspend(transactional=is_transactional(request.node))
    request.getfixturevalue("django_db_blocker")
    committed: set[str] = set()
    fixturedef.addfinalizer(state.layers.resume)
    fixturedef.addfinalizer(partial(_empty_tables, request, committed))
    result = yield
    if not _is_unittest(request):
        fixturedef.addfinalizer(_start(state, request.node, committed))
    return result


def _is_unittest(request: pytest.FixtureRequest) -> bool:
    # A class that derives from unittest's has imported it.
    unittest = sys.modules.get("unittest")
    return unittest is not None and isinstance(request.cls, type) and issubclass(request.cls, unittest.TestCase)


def _start(state: State, item: pytest.Item, committed: set[str]) -> Callable[[], None]:
    """Start what a test needs on top of its real connections; return what ends it."""
    from pytest_async_orm.sharing.real import isolated_connections

    wrappers = isolated_connections()
    if wrappers and wants_sandbox(item):
        return _start_sandbox(state, item, wrappers, committed)
    if not wrappers and mode_for(item) != "off":
        return partial(_close_other_threads, item)
    return lambda: None


def _start_sandbox(state: State, item: pytest.Item, wrappers: Iterable[Any], committed: set[str]) -> Callable[[], None]:
    from pytest_async_orm.sharing.layers import ORIGIN
    from pytest_async_orm.sharing.leftovers import pending_tasks
    from pytest_async_orm.sharing.sandbox import Sandbox

    sandbox = Sandbox(item.nodeid, lock_timeout(item.config), guarded_thread=threading.current_thread())
    sandbox.start(wrappers)
    tasks = pending_tasks(state.loops)
    state.layers.push(sandbox)
    if not _runs_under_anyio(item):
        ORIGIN.set(sandbox)
    return partial(_end_sandbox, state, item, tasks, committed)


def _end_sandbox(state: State, item: pytest.Item, tasks: set[Any], committed: set[str]) -> None:
    from pytest_async_orm.leaks.waiting import observe
    from pytest_async_orm.sharing.layers import ORIGIN
    from pytest_async_orm.sharing.leftovers import release_idle_tasks, settle_tasks
    from pytest_async_orm.sharing.sandbox import GRACE_SECONDS

    try:
        left = settle_tasks(state.loops, tasks, GRACE_SECONDS)
        observe()
    finally:
        ORIGIN.set(None)
        release_idle_tasks(state.loops)
        ending = state.layers.pop()
    committed.update(ending.committed)
    if left or ending.leftovers:
        item.warn(LeftoverWorkWarning(messages.left_running(item.nodeid, [*left, *ending.leftovers])))
    if ending.lost:
        raise TransactionLost("\n".join(ending.lost))


def _empty_tables(request: pytest.FixtureRequest, committed: set[str]) -> None:
    if not committed:
        return
    from pytest_async_orm.sharing.real import flush

    with request.getfixturevalue("django_db_blocker").unblock():
        flush(sorted(committed))
    request.node.warn(LeftoverWorkWarning(messages.flushed(request.node.nodeid, sorted(committed))))


def _close_other_threads(item: pytest.Item) -> None:
    """Leave no connection of another thread behind a transactional test: it would block the flush or the test
    database's end.
    """
    from pytest_async_orm.leaks.closing_ourselves import close_idle_connections
    from pytest_async_orm.leaks.waiting import observe

    observe()
    left = close_idle_connections()
    if left:
        item.warn(LeftoverWorkWarning(messages.left_running(item.nodeid, left, refused=False)))


def around_setup(fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest) -> Generator[None, object, object]:
    """Warn of a bad environment once; before pytest-django drops the test databases, close what other threads have
    open.
    """
    state = state_of(request.config)
    result = yield
    _warn_of_traps(request.config)
    fixturedef.addfinalizer(_unwatch)
    fixturedef.addfinalizer(partial(_close_for_good, state))
    return result


def _warn_of_traps(config: pytest.Config) -> None:
    from pytest_async_orm.hooks.environment import traps

    if sandbox_mode(config) != "off":
        for text in traps():
            config.issue_config_time_warning(EnvironmentTrapWarning(text), stacklevel=2)


def _close_for_good(state: State) -> None:
    from pytest_async_orm.leaks.closing_ourselves import close_all_connections

    before_the_databases_go(state)
    close_all_connections()


def _unwatch() -> None:
    from pytest_async_orm.leaks.ledger import Ledger

    PROCESS.one(Ledger).unwatch()


def _runs_under_anyio(item: pytest.Item) -> bool:
    return "anyio_backend" in getattr(item, "fixturenames", ())


def around_anyio_test(item: pytest.Function) -> Generator[None, object, object]:
    """Attribute an anyio test's tasks and queries to it: anyio runs all tests of a runner in one task, whose context is
    older than they.
    """
    original = item.obj
    _note_threads_of_anyio()
    belongings = [*_sandboxes(item), *_recordings(item)]
    if not belongings or hasattr(original, "hypothesis") or not is_async_function(original):
        return (yield)
    item.obj = _attributed(original, belongings)
    try:
        return (yield)
    finally:
        item.obj = original


def _note_threads_of_anyio() -> None:
    """The first anyio test's loop has imported trio only now."""
    if PROCESS.noting:
        from pytest_async_orm.frames.handoff import install_for_imported

        install_for_imported()


def _sandboxes(item: pytest.Item) -> list[tuple[ContextVar[Any], Any]]:
    from pytest_async_orm.hooks.session import STATE

    sandbox = item.config.stash[STATE].layers.top if STATE in item.config.stash else None
    if sandbox is None:
        return []
    from pytest_async_orm.sharing.layers import ORIGIN

    return [(ORIGIN, sandbox)]


def _recordings(item: pytest.Item) -> list[tuple[ContextVar[Any], Any]]:
    if RECORDING not in item.stash:
        return []
    from pytest_async_orm.frames.context import BELONGS_TO

    return [(BELONGS_TO, item.stash[RECORDING])]


def _attributed(function: Callable[..., Any], belongings: list[tuple[ContextVar[Any], Any]]) -> Callable[..., Any]:
    from functools import wraps

    @wraps(function)
    async def run(*args: Any, **kwargs: Any) -> Any:
        tokens = [(variable, variable.set(value)) for variable, value in belongings]
        try:
            return await function(*args, **kwargs)
        finally:
            for variable, token in tokens:
                variable.reset(token)

    return run
