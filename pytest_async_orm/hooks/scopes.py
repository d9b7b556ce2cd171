"""Fixtures of wider scope: a transaction that outlives tests, and whose work it is that such fixtures start."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from pytest_async_orm.errors import DatabaseAskedInLoop, TransactionLost
from pytest_async_orm.hooks.session import STATE, State, state_of
from pytest_async_orm.items import SCOPE_FIXTURES, databases_of, is_of, is_transaction_test_case, is_transactional
from pytest_async_orm.options import lock_timeout
from pytest_async_orm.patches.pytest_names import arguments_of_mark, fixtures_of

if TYPE_CHECKING:
    from pytest_django import DjangoDbBlocker


class in_signature:  # noqa: N801 - it is used as a function
    """Say what to do where a database is asked for while the test's event loop runs, which Django refuses."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self._request = request

    def __enter__(self) -> None:
        """Nothing: most tests pass by here."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if error is None:
            return
        from django.core.exceptions import SynchronousOnlyOperation

        if isinstance(error, SynchronousOnlyOperation):
            from pytest_async_orm.messages import environment

            raise DatabaseAskedInLoop(environment.asked_in_loop(self._request.node.nodeid)) from error


def layer(request: pytest.FixtureRequest, blocker: DjangoDbBlocker) -> Iterator[None]:
    """Open a transaction for a scope, with a sandbox on top for its fixtures; roll back to it is each test's own."""
    from pytest_async_orm.sharing.scopes import scope_transaction

    state = state_of(request.config)
    name = f"scope {request.scope} of {request.node.nodeid or 'the session'}"
    aliases = _aliases(request)
    _require_test_databases(request, aliases)
    with ExitStack() as stack:
        with in_signature(request), _real_connections(state, blocker):
            transaction = scope_transaction(aliases, name, lock_timeout(request.config))
            sandbox = stack.enter_context(transaction)
        state.layers.push(sandbox)
        yield
        ending = state.layers.pop()
        stack.push(partial(_leave, state, blocker, stack.pop_all()))
    if ending.lost:
        raise TransactionLost("\n".join(ending.lost))


def _leave(state: State, blocker: DjangoDbBlocker, transaction: ExitStack, *_: object) -> None:
    with _real_connections(state, blocker):
        transaction.close()


@contextmanager
def _real_connections(state: State, blocker: DjangoDbBlocker) -> Iterator[None]:
    state.layers.suspend()
    try:
        with blocker.unblock():
            yield
    finally:
        state.layers.resume()


def _aliases(request: pytest.FixtureRequest) -> list[str]:
    """The databases of the scope's own `django_db` marker, else the default one."""
    from django.db import DEFAULT_DB_ALIAS, connections

    marker = request.node.get_closest_marker("django_db")
    databases = arguments_of_mark(marker)[2] if marker is not None else None
    if databases == "__all__":
        return list(connections)
    return [DEFAULT_DB_ALIAS] if databases is None else list(databases)


def _require_test_databases(request: pytest.FixtureRequest, aliases: list[str]) -> None:
    """Without a test that asks for it pytest-django makes no test database: what is open then is the real one."""
    for alias in aliases:
        if not any(found is None or alias in found for found in map(databases_of, request.session.items)):
            from pytest_async_orm.messages.sandbox import no_test_database

            raise pytest.UsageError(no_test_database(str(request.fixturename), alias))


def _remember(fixturedef: pytest.FixtureDef[Any], request: Any) -> None:
    scopes = state_of(request.config).scopes
    known = fixturedef.argname, partial(fixturedef.finish, request)
    scopes.append(known)
    fixturedef.addfinalizer(lambda: scopes.remove(known))


def give_way(item: pytest.Item) -> None:
    """Set the rows of wider scopes aside before a test with real connections: their fixtures end with all that they
    made, and are set up again by the next test that asks for them.

    Raises `UsageError` if the test asks for such rows itself. Not in a fixture's set-up, where pytest forgives no error
    of a hook.
    """
    asked = SCOPE_FIXTURES.intersection(getattr(item, "fixturenames", ()))
    state = item.config.stash.get(STATE, None)
    if not (asked or (state is not None and state.scopes)) or not _has_real_connections(item):
        return
    if asked:
        from pytest_async_orm.messages.sandbox import transactional_inside_scope

        raise pytest.UsageError(transactional_inside_scope(item.nodeid, sorted(asked), _between(item, asked)))
    while state is not None and state.scopes:
        _, end = state.scopes[-1]
        end()


def _has_real_connections(item: pytest.Item) -> bool:
    return is_transactional(item) or is_transaction_test_case(getattr(item, "cls", None))


def _between(item: pytest.Item, asked: Iterable[str]) -> list[str]:
    """The test's fixtures that ask for one of these."""
    fixtures = fixtures_of(item)
    return sorted(name for name, found in fixtures.items() if any(set(asked) & set(one.argnames) for one in found))


def around_wide_fixture(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    """Let a fixture of a wider scope use that scope's database, and attribute what it starts to no test."""
    if fixturedef.argname in SCOPE_FIXTURES and is_of(fixturedef, "pytest_async_orm"):
        _remember(fixturedef, request)
    state = request.config.stash.get(STATE, None)
    if state is None:
        return (yield)
    ending = state.of_session()
    # Finalizers run in reverse: what is added before the set-up runs after the fixture's own tear-down.
    fixturedef.addfinalizer(ending.__exit__)
    try:
        return (yield from _around_set_up(fixturedef, request, state))
    finally:
        fixturedef.addfinalizer(ending.__enter__)


def _around_set_up(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest, state: State
) -> Generator[None, object, object]:
    if (sandbox := state.layers.isolating) is None:
        with state.of_session():
            return (yield)
    running = set(threading.enumerate())
    from pytest_async_orm.sharing.layers import work_of

    blocker: DjangoDbBlocker = request.getfixturevalue("django_db_blocker")
    access = _Access(blocker)
    fixturedef.addfinalizer(access.close)
    access.open()
    try:
        with work_of(None), state.of_session():
            result = yield
    finally:
        access.close()
        sandbox.threads.exempt(set(threading.enumerate()) - running)
    fixturedef.addfinalizer(access.open)
    return result


class _Access:
    """Database access for a fixture's set-up and, later, its tear-down."""

    def __init__(self, blocker: DjangoDbBlocker) -> None:
        self._blocker = blocker
        self._open = False

    def open(self) -> None:
        self._blocker.unblock()
        self._open = True

    def close(self) -> None:
        if self._open:
            self._open = False
            self._blocker.restore()
