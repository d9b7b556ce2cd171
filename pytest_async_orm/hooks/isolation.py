"""The sandbox around one test: on top of what pytest-django set up, and gone before it is torn down."""

from __future__ import annotations

import inspect
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from pytest_async_orm.errors import TransactionLost
from pytest_async_orm.hooks.flushing import flush_what_was_touched
from pytest_async_orm.hooks.leaks import before_the_databases_go, track
from pytest_async_orm.hooks.recording import RECORDING
from pytest_async_orm.hooks.scopes import in_signature
from pytest_async_orm.hooks.session import STATE, State, state_of
from pytest_async_orm.hooks.telling import EMPTIED, ENVIRONMENT, LEFT_WORK, tell
from pytest_async_orm.items import databases_of, is_anyios, is_async, is_transactional, wants_sandbox
from pytest_async_orm.markers import mode_for
from pytest_async_orm.messages import sandbox as messages
from pytest_async_orm.options import lock_timeout, sandbox_mode
from pytest_async_orm.patches.process import PROCESS

if TYPE_CHECKING:
    from pytest_async_orm.sharing.hosting import Host

_HELPED: pytest.StashKey[bool] = pytest.StashKey()


def around_helper(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    """Let pytest-django set a test up on the real connections, then start the sandbox on top of its transaction.

    Finalizers run in reverse: what is added before the set-up runs after pytest-django's tear-down.
    """
    if _HELPED in request.node.stash:
        # A project's own of that name, beside pytest-django's, which it asks for.
        return (yield)
    request.node.stash[_HELPED] = True
    fixturedef.addfinalizer(partial(request.node.stash.__delitem__, _HELPED))
    state = state_of(request.config)
    state.test_starts(request.node.nodeid)
    track(request.node, state)
    _see_other_stacks()
    state.layers.suspend(transactional=is_transactional(request.node))
    request.getfixturevalue("django_db_blocker")
    committed: set[str] = set()
    fixturedef.addfinalizer(state.layers.resume)
    fixturedef.addfinalizer(partial(_empty_tables, request, committed))
    with in_signature(request):
        result = yield
    if not _derives(request.cls, "django.test.testcases", "SimpleTestCase"):
        fixturedef.addfinalizer(_start(state, request.node, committed))
    return result


def _derives(cls: object, module: str, name: str) -> bool:
    """Whether a class derives from another one, which it has imported then."""
    base = getattr(sys.modules.get(module), name, None)
    return base is not None and isinstance(cls, type) and issubclass(cls, base)


@contextmanager
def open_to_guests(item: pytest.Item) -> Iterator[None]:
    """Let guests join the transactions of Django's `TestCase`, which opens and ends them in the test's call."""
    cls: Any = getattr(item, "cls", None)
    if not _derives(cls, "django.test.testcases", "TestCase") or mode_for(item) == "off":
        yield
        return
    from django.db import connections

    databases = connections if cls.databases == "__all__" else cls.databases
    end = _start_host(state_of(item.config), item, [connections[alias] for alias in databases])
    try:
        yield
    finally:
        end()


def _start(state: State, item: pytest.Item, committed: set[str]) -> Callable[[], None]:
    """Start what a test needs on top of its real connections; return what ends it."""
    from pytest_async_orm.sharing.real import isolated_connections

    wrappers = isolated_connections()
    if wrappers and wants_sandbox(item) and not _derives(getattr(item, "cls", None), "unittest", "TestCase"):
        return _start_sandbox(state, item, wrappers, committed)
    if mode_for(item) == "off":
        return lambda: None
    return _start_host(state, item, wrappers) if wrappers else partial(_close_other_threads, item)


def _start_host(state: State, item: pytest.Item, wrappers: Sequence[Any]) -> Callable[[], None]:
    """Open a test's own connections to other threads; return what ends that."""
    from pytest_async_orm.sharing.hosting import Host
    from pytest_async_orm.sharing.layers import ORIGIN

    host = Host(item.nodeid, lock_timeout(item.config))
    host.start(wrappers)
    state.layers.push(host)
    ORIGIN.set(host)
    return partial(_end_host, state, item, host)


def _end_host(state: State, item: pytest.Item, host: Host) -> None:
    from pytest_async_orm.leaks.waiting import observe
    from pytest_async_orm.sharing.layers import ORIGIN
    from pytest_async_orm.sharing.leftovers import release_idle_tasks

    try:
        if host.has_guests:
            observe()
    finally:
        ORIGIN.set(None)
        if host.has_guests:
            release_idle_tasks(state.loops)
        ending = state.layers.pop()
    if ending.leftovers:
        tell(item, LEFT_WORK, messages.left_running(item.nodeid, ending.leftovers))


def _start_sandbox(state: State, item: pytest.Item, wrappers: Sequence[Any], committed: set[str]) -> Callable[[], None]:
    from pytest_async_orm.sharing.layers import ORIGIN
    from pytest_async_orm.sharing.leftovers import pending_tasks
    from pytest_async_orm.sharing.sandbox import Sandbox

    sandbox = Sandbox(item.nodeid, lock_timeout(item.config), guarded_thread=threading.current_thread())
    sandbox.start(wrappers)
    tasks = pending_tasks(state.loops)
    state.layers.push(sandbox)
    if not is_anyios(item):
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
        tell(item, LEFT_WORK, messages.left_running(item.nodeid, [*left, *ending.leftovers]))
    if ending.lost:
        raise TransactionLost("\n".join(ending.lost))


def _empty_tables(request: pytest.FixtureRequest, committed: set[str]) -> None:
    if not committed:
        return
    from pytest_async_orm.sharing.real import flush

    with request.getfixturevalue("django_db_blocker").unblock():
        flush(sorted(committed))
    tell(request.node, EMPTIED, messages.flushed(request.node.nodeid, sorted(committed)))


def _close_other_threads(item: pytest.Item) -> None:
    """Leave no connection of another thread behind a transactional test: it would block the flush or the test
    database's end.
    """
    from pytest_async_orm.leaks.closing_ourselves import close_idle_connections
    from pytest_async_orm.leaks.waiting import observe

    observe()
    left = close_idle_connections()
    if left:
        tell(item, LEFT_WORK, messages.left_running(item.nodeid, left, refused=False))


def around_setup(fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest) -> Generator[None, object, object]:
    """Look for a bad environment; before pytest-django drops the test databases, close what other threads have
    open.
    """
    state = state_of(request.config)
    capture_everywhere()
    _see_other_stacks()
    flush_what_was_touched(request.config)
    with in_signature(request):
        result = yield
    # A project's own of that name may ask for pytest-django's, or take its place.
    if not state.has_databases:
        state.has_databases = True
        state.traps = _look_for_traps(request.config)
        fixturedef.addfinalizer(_unwatch)
        fixturedef.addfinalizer(partial(_close_for_good, state))
    return result


def _see_other_stacks() -> None:
    """Playwright, gevent and the like may come with any test."""
    from pytest_async_orm.patches.other_stack import install_if_needed

    install_if_needed()


def _look_for_traps(config: pytest.Config) -> list[str]:
    from pytest_async_orm.hooks.environment import traps

    return traps() if sandbox_mode(config) != "off" else []


def capture_everywhere() -> None:
    """Let `captureOnCommitCallbacks` see what isolated code commits: before somebody keeps Django's own."""
    from pytest_async_orm.sharing.callbacks import install

    install()


def tell_of_traps(item: pytest.Item) -> None:
    """Tell of a bad environment once, and only to a session that has async tests with a database."""
    state = item.config.stash.get(STATE, None)
    if state is not None and state.traps and is_async(item) and databases_of(item) != set():
        for text in state.traps:
            tell(item, ENVIRONMENT, text)
        state.traps = []


def _close_for_good(state: State) -> None:
    from pytest_async_orm.leaks.closing_ourselves import close_all_connections

    state.has_databases = False
    before_the_databases_go(state)
    close_all_connections()


def _unwatch() -> None:
    from pytest_async_orm.leaks.ledger import Ledger

    PROCESS.one(Ledger).unwatch()


def around_anyio_test(item: pytest.Function) -> Generator[None, object, object]:
    """Attribute an anyio test's tasks and queries to it: anyio runs all tests of a runner in one task, whose context is
    older than they.
    """
    original = item.obj
    _note_threads_of_anyio()
    belongings = [*_sandboxes(item), *_recordings(item)]
    # As anyio asks: in the place of a coroutine function pytest-asyncio has put a function of its own.
    if not belongings or hasattr(original, "hypothesis") or not inspect.iscoroutinefunction(original):
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
