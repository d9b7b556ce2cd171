"""The sandbox around one test: on top of what pytest-django set up, and gone before it is torn down."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from pytest_async_orm.errors import TransactionLost
from pytest_async_orm.hooks.flushing import flush_what_was_touched
from pytest_async_orm.hooks.leaks import before_the_databases_go, track
from pytest_async_orm.hooks.scopes import in_signature
from pytest_async_orm.hooks.session import State, state_of
from pytest_async_orm.hooks.telling import EMPTIED, ENVIRONMENT, LEFT_WORK, tell
from pytest_async_orm.items import asks_for_sandbox, is_anyios, is_transactional, wants_sandbox
from pytest_async_orm.markers import mode_for
from pytest_async_orm.options import lock_timeout, sandbox_mode
from pytest_async_orm.patches.process import PROCESS

if TYPE_CHECKING:
    from pytest_django import DjangoDbBlocker

    from pytest_async_orm.records import Leftover

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
    item = request.node
    state = state_of(request.config)
    state.test_starts(item.nodeid)
    track(item, state)
    _see_other_stacks()
    state.layers.suspend(transactional=is_transactional(item))
    item.stash[_HELPED] = True
    committed: set[str] = set()
    fixturedef.addfinalizer(partial(_give_back, request, state, committed))
    _prepare(item)
    with in_signature(request):
        result = yield
    if isinstance(item.parent, pytest.Module) or not _derives(request.cls, "django.test.testcases", "SimpleTestCase"):
        fixturedef.addfinalizer(_start(state, item, committed))
    return result


def _prepare(item: pytest.Item) -> None:
    """Before pytest-django opens the transaction of a test that will be isolated."""
    if not is_transactional(item) and wants_sandbox(item, mode_for(item)):
        from pytest_async_orm.sharing.real import prepare_connections

        prepare_connections()


def _derives(cls: object, module: str, name: str) -> bool:
    """Whether a class derives from another one, which it has imported then."""
    base = getattr(sys.modules.get(module), name, None)
    return base is not None and isinstance(cls, type) and issubclass(cls, base)


def open_to_guests(item: pytest.Item) -> AbstractContextManager[None]:
    """What surrounds the call of a test: nothing, but for those of Django's `TestCase`."""
    # Most tests are functions of a module, which is told faster than their class.
    cls = None if isinstance(item.parent, pytest.Module) else getattr(item, "cls", None)
    if cls is None or not _derives(cls, "django.test.testcases", "TestCase") or mode_for(item) == "off":
        return _NOTHING
    return _open_to_guests(item)


_NOTHING = nullcontext()


@contextmanager
def _open_to_guests(item: pytest.Item) -> Iterator[None]:
    """Let guests join the transactions of Django's `TestCase`, which opens and ends them in the test's call."""
    from django.db import connections

    cls: Any = item.cls  # type: ignore[attr-defined]

    databases = connections if cls.databases == "__all__" else cls.databases
    end = _start_host(state_of(item.config), item, [connections[alias] for alias in databases])
    try:
        yield
    finally:
        end()


def _start(state: State, item: pytest.Item, committed: set[str]) -> Callable[[], None]:
    """Start what a test needs on top of its real connections; return what ends it."""
    from pytest_async_orm.sharing.real import isolated_connections

    wrappers, mode = isolated_connections(), mode_for(item)
    if wrappers and wants_sandbox(item, mode) and not _derives(getattr(item, "cls", None), "unittest", "TestCase"):
        return _start_sandbox(state, item, wrappers, committed)
    if mode == "off":
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
    return partial(_end_host, state, item)


def _end_host(state: State, item: pytest.Item) -> None:
    from pytest_async_orm.sharing.layers import ORIGIN

    host = state.layers.host
    had_guests = host is not None and host.had_guests
    try:
        if had_guests:
            _observe()
    finally:
        ORIGIN.set(None)
        if had_guests:
            _release_idle_tasks(state)
        ending = state.layers.pop()
    if ending.leftovers:
        _tell_of_left_work(item, ending.leftovers)


def _observe() -> None:
    from pytest_async_orm.leaks.waiting import observe

    observe()


def _release_idle_tasks(state: State) -> None:
    from pytest_async_orm.sharing.leftovers import release_idle_tasks

    state.layers.note_pausing(release_idle_tasks(state.loops))


def _tell_of_left_work(item: pytest.Item, left: Sequence[Leftover], *, refused: bool = True) -> None:
    from pytest_async_orm.messages.sandbox import left_running

    tell(item, LEFT_WORK, left_running(item.nodeid, left, refused=refused))


def _start_sandbox(state: State, item: pytest.Item, wrappers: Sequence[Any], committed: set[str]) -> Callable[[], None]:
    from pytest_async_orm.sharing.layers import ORIGIN
    from pytest_async_orm.sharing.leftovers import pending_tasks
    from pytest_async_orm.sharing.sandbox import Sandbox

    left_alone = _left_alone(state, item, wrappers)
    wrappers = [wrapper for wrapper in wrappers if wrapper.alias not in left_alone]
    sandbox = Sandbox(item.nodeid, lock_timeout(item.config), guarded_thread=threading.current_thread())
    sandbox.start(wrappers, left_alone=left_alone)
    tasks = pending_tasks(state.loops)
    state.layers.push(sandbox)
    if not is_anyios(item):
        ORIGIN.set(sandbox)
    return partial(_end_sandbox, state, item, tasks, committed)


def _left_alone(state: State, item: pytest.Item, wrappers: Sequence[Any]) -> set[str]:
    """The aliases of databases that the plugin does not know: told once, and as without it, unless a test asks to be
    isolated.
    """
    from pytest_async_orm.sharing.real import can_be_shared

    unknown = {wrapper.alias: wrapper.vendor for wrapper in wrappers if not can_be_shared(wrapper)}
    if not unknown or asks_for_sandbox(item):
        return set()
    from pytest_async_orm.messages.environment import not_isolated

    if state.unknown.isdisjoint(unknown):
        tell(item, ENVIRONMENT, not_isolated(unknown))
    state.unknown.update(unknown)
    return set(unknown)


def _end_sandbox(state: State, item: pytest.Item, tasks: set[Any], committed: set[str]) -> None:
    from pytest_async_orm.sharing.layers import ORIGIN
    from pytest_async_orm.sharing.leftovers import settle_tasks
    from pytest_async_orm.sharing.sandbox import GRACE_SECONDS

    try:
        left = settle_tasks(state.loops, tasks, GRACE_SECONDS)
        _observe()
    finally:
        ORIGIN.set(None)
        _release_idle_tasks(state)
        ending = state.layers.pop()
    committed.update(ending.committed)
    if left or ending.leftovers:
        _tell_of_left_work(item, [*left, *ending.leftovers])
    if ending.lost:
        raise TransactionLost("\n".join(ending.lost))


def _give_back(request: pytest.FixtureRequest, state: State, committed: set[str]) -> None:
    """Behind pytest-django's tear-down: the real connections are everybody's again."""
    try:
        if committed:
            _empty_tables(request.node, request.getfixturevalue("django_db_blocker"), committed)
    finally:
        state.layers.resume()
        del request.node.stash[_HELPED]


def _empty_tables(item: pytest.Item, blocker: DjangoDbBlocker, committed: set[str]) -> None:
    from pytest_async_orm.messages.sandbox import flushed
    from pytest_async_orm.sharing.real import flush

    with blocker.unblock():
        flush(sorted(committed))
    tell(item, EMPTIED, flushed(item.nodeid, sorted(committed)))


def _close_other_threads(item: pytest.Item) -> None:
    """Leave no connection of another thread behind a transactional test: it would block the flush or the test
    database's end.
    """
    from pytest_async_orm.leaks.closing_ourselves import close_idle_connections

    _observe()
    left = close_idle_connections()
    if left:
        _tell_of_left_work(item, left, refused=False)


def around_setup(fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest) -> Generator[None, object, object]:
    """Look for a bad environment; before pytest-django drops the test databases, close what other threads have
    open.
    """
    state = state_of(request.config)
    capture_everywhere()
    if sandbox_mode(request.config) != "off":
        # What a test sends before a guest joins it may be the test's alone.
        from pytest_async_orm.sharing.by_hand import read

        PROCESS.reader = read
    _see_other_stacks()
    flush_what_was_touched(request.config)
    with in_signature(request):
        result = yield
    # A project's own of that name may ask for pytest-django's, or take its place.
    if not state.has_databases:
        state.has_databases = True
        if not PROCESS.watching:
            state.watch_again()
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


def _close_for_good(state: State) -> None:
    from pytest_async_orm.leaks.closing_ourselves import close_all_connections

    state.has_databases = False
    before_the_databases_go(state)
    close_all_connections()


def _unwatch() -> None:
    from pytest_async_orm.leaks.ledger import Ledger

    PROCESS.one(Ledger).unwatch()
