"""Requests whose user was looked at before, and passwords that are bytes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from asgiref.sync import sync_to_async
from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.programs import simple
from conformance.checks.registry import register_experiment
from conformance.checks.stage import Stage
from conformance.checks.subjects.auth import people
from conformance.checks.subjects.auth_people import JOAN, People, joan, request_of, surroundings
from conformance.checks.twins import operation
from conformance.strategies import NO_ROWS, Rows


@dataclass(frozen=True)
class Known:
    """Who is there, and whose session it is."""

    rows: People


def _known(stage: Stage, example: Known, name: str) -> Sides:
    """What `login` or `logout` makes of a request's user, which synchronous middleware may have looked at before."""
    from django.contrib import auth

    request = request_of(example.rows)
    str(request.user)
    sides = operation(stage, auth, name, *((request, joan()) if name == "login" else (request,)))

    def seen() -> Any:
        return [str(request.user), request.user.is_authenticated]

    def sync() -> Any:
        sides.sync()
        return seen()

    async def asynchronous() -> Any:
        await sides.asynchronous()
        return await sync_to_async(seen)()

    expected = [JOAN, True] if name == "login" else ["AnonymousUser", False]
    return Sides(sync, asynchronous, declared=sides.declared, model=(expected,))


def _register(name: str) -> None:
    register_experiment(
        f"auth.a{name}.user_known",
        st.builds(Known, people(session=st.sampled_from(("none", "current", "other")), active=True)),
        lambda stage, example: _known(stage, example, name),
        lambda example: (f"{name}(request)  # {example.rows.session}", f"await a{name}(request)"),
        surroundings=surroundings,
    )


_register("login")
_register("logout")


@dataclass(frozen=True)
class Secret:
    """A password, and the kind of hash that is made of it."""

    password: Any
    hasher: str
    rows: Rows = NO_ROWS


@contextmanager
def _cheaply(example: Secret) -> Iterator[None]:
    """Hashes that cost nothing."""
    from django.test import override_settings

    with override_settings(PASSWORD_HASHERS=[f"conformance.checks.cheap_hashers.{example.hasher}"]):
        yield


def _hashed(stage: Stage, example: Secret) -> Sides:
    """A password is the one that its hash was made of, text or bytes."""
    from django.contrib.auth import hashers

    asynchronous: Any = stage.adapter.asynchronous(hashers, "check_password")

    def sync() -> Any:
        return hashers.check_password(example.password, hashers.make_password(example.password))

    async def both() -> Any:
        encoded = await sync_to_async(hashers.make_password)(example.password)
        return [await asynchronous(example.password, encoded), await asynchronous("another", encoded)]

    return Sides(lambda: [sync(), False], both, model=([True, False],))


_PROGRAM = """\
from django.contrib.auth.hashers import acheck_password, make_password
async def main():
    return await acheck_password({password!r}, make_password({password!r}))
print("expected: True")
print("observed:", asyncio.run(main()))
"""


def _program(title: str, example: Secret) -> str:
    return simple(title, _PROGRAM.format(password=example.password))


register_experiment(
    "auth.hashers.acheck_password.forms",
    st.builds(
        Secret,
        st.sampled_from(["text", "é", b"bytes", "é".encode(), b"\xff\xfe", ""]),
        st.sampled_from(["CheapPBKDF2", "CheapPBKDF2SHA1"]),
    ),
    _hashed,
    lambda example: (
        f"check_password({example.password!r}, make_password({example.password!r}))",
        f"await acheck_password({example.password!r}, make_password({example.password!r}))",
    ),
    surroundings=_cheaply,
    program=_program,
)
