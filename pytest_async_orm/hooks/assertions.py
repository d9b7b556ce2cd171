"""pytest-django's own assertions on queries, right in async tests."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import Any

import pytest

from pytest_async_orm.items import is_async, is_of

# pytest-django's fixtures that watch one connection, the calling thread's: public. Whether the number is exact.
ASSERTION_FIXTURES = {"django_assert_num_queries": True, "django_assert_max_num_queries": False}


def around_assertion_fixture(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    """Let pytest-django's assertions count the whole context in an async test; leave a project's own fixtures alone."""
    original = fixturedef.func
    if not is_async(request.node) or not is_of(fixturedef, "pytest_django"):
        return (yield)
    exact = ASSERTION_FIXTURES[fixturedef.argname]

    def replaced(pytestconfig: pytest.Config) -> Any:  # noqa: ARG001 - pytest-django's signature
        from pytest_async_orm.recording.captured import django_assertion

        # As pytest-django makes them: `exact` is an argument of both.
        return django_assertion if exact else partial(django_assertion, exact=False)

    # By its function, whichever plugin was loaded first: pytest calls it in the set-up that this surrounds.
    fixturedef.func = replaced  # type: ignore[misc]
    try:
        return (yield)
    finally:
        fixturedef.func = original  # type: ignore[misc]
