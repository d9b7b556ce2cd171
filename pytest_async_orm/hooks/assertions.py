"""pytest-django's own assertions on queries, right in async tests."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from pytest_async_orm.errors import QueryAssertionError
from pytest_async_orm.items import is_async

if TYPE_CHECKING:
    from pytest_async_orm.recording.log import QueryLog

# pytest-django's fixtures that watch one connection, the calling thread's: public. Whether the number is exact.
ASSERTION_FIXTURES = {"django_assert_num_queries": True, "django_assert_max_num_queries": False}


def around_assertion_fixture(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    """Let pytest-django's assertions count the whole context in an async test; leave a project's own fixtures alone."""
    original = fixturedef.func
    if not is_async(request.node) or not original.__module__.startswith("pytest_django"):
        return (yield)
    exact = ASSERTION_FIXTURES[fixturedef.argname]

    def replaced(pytestconfig: pytest.Config) -> Any:  # noqa: ARG001 - pytest-django's signature
        return _django_assertion(exact)

    # By its function, whichever plugin was loaded first: pytest calls it in the set-up that this surrounds.
    fixturedef.func = replaced  # type: ignore[misc]
    try:
        return (yield)
    finally:
        fixturedef.func = original  # type: ignore[misc]


def _django_assertion(exact: bool) -> Any:
    from pytest_async_orm.recording.blocks import record_queries

    @contextmanager
    def assertion(
        num: int, connection: Any = None, info: str | None = None, *, using: str | None = None
    ) -> Iterator[QueryLog]:
        __tracebackhide__ = True
        if connection is not None and using is not None:
            raise ValueError('The "connection" and "using" parameter cannot be used together')
        alias = connection.alias if connection is not None else using or "default"
        with record_queries(using=alias) as log:
            yield log
        found = len(log)
        if found != num if exact else found > num:
            raise QueryAssertionError(_django_message(log, num, exact, info))

    return assertion


def _django_message(log: QueryLog, num: int, exact: bool, info: str | None) -> str:
    from pytest_async_orm.messages import queries as messages

    found = len(log)
    less = "" if exact else "or less "
    first = f"Expected to perform {num} queries {less}but {found} {'was' if found == 1 else 'were'} done"
    return messages.with_table(first + (f"\n{info}" if info else ""), list(log), log.dropped)
