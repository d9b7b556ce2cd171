"""Middleware for users whom the server names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.outcomes import Absent
from conformance.checks.registry import register_experiment
from conformance.checks.stage import Stage
from conformance.checks.subjects.auth import described, people
from conformance.checks.subjects.auth_people import (
    JOAN,
    MODEL,
    REMOTE,
    People,
    request_of,
    seen_of,
    surroundings,
)
from conformance.checks.subjects.auth_views import told, user_aview, user_view
from conformance.checks.twins import operation


@dataclass(frozen=True)
class Remote:
    """Whose session it is, by which backend, and whom the server names."""

    rows: People
    middleware: str
    remote_user: str | None
    backends: tuple[str, ...] = (REMOTE, MODEL)


_ANY = ("none", "anonymous", "right", "right", "other", "wrong")
# The name is cleaned for a user who is there.
_LOGGED_IN = ("right", "other")


def _remotes(middleware: str, sessions: tuple[str, ...] = _ANY) -> st.SearchStrategy[Remote]:
    rows = people(password="current", session=st.sampled_from(sessions), backend=st.sampled_from((REMOTE, MODEL)))
    return st.builds(Remote, rows, st.just(middleware), st.sampled_from((JOAN, "ada", "new", None, "")))


def _remote(_: Stage, example: Remote) -> Sides:
    from django.contrib.auth import middleware

    found = getattr(middleware, example.middleware)
    request = request_of(example.rows)
    if not hasattr(found, "aprocess_request"):
        raise Absent(f"{example.middleware} has no aprocess_request")
    if example.remote_user is not None:
        # A server's variable, and under ASGI a header.
        request.META.update({"REMOTE_USER": example.remote_user, "HTTP_REMOTE_USER": example.remote_user})

    async def asynchronous() -> Any:
        return [told(await found(user_aview)(request)), (await request.auser()).get_username()]

    return Sides(
        lambda: [told(found(user_view)(request)), request.user.get_username()],
        asynchronous,
        held=(partial(seen_of, request),),
    )


def _remote_source(example: Remote) -> tuple[str, str]:
    lines = [f"# {described(example.rows)}, by {example.rows.backend}", f"# REMOTE_USER is {example.remote_user!r}"]
    return (
        "\n".join([*lines, f"{example.middleware}(view)(request)"]),
        "\n".join([*lines, f"await {example.middleware}(async_view)(request)"]),
    )


for _name, _middleware in (
    ("remote_user_middleware", "RemoteUserMiddleware"),
    ("persistent_remote_user_middleware", "PersistentRemoteUserMiddleware"),
):
    register_experiment(f"auth.{_name}", _remotes(_middleware), _remote, _remote_source, surroundings=surroundings)


def _clean_username(stage: Stage, example: Remote) -> Sides:
    from django.contrib.auth import middleware

    request = request_of(example.rows)
    target = middleware.RemoteUserMiddleware(user_view)
    return replace(operation(stage, target, "clean_username", example.remote_user, request), overriding=None, held=())


register_experiment(
    "auth.remote_user_middleware.aclean_username",
    _remotes("RemoteUserMiddleware", _LOGGED_IN),
    _clean_username,
    lambda example: (
        f"RemoteUserMiddleware(view).clean_username({example.remote_user!r}, request)",
        f"await RemoteUserMiddleware(async_view).aclean_username({example.remote_user!r}, request)",
    ),
    surroundings=surroundings,
)
