"""A password that takes long to hash: synchronous code elsewhere goes on meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.hashers import BasePasswordHasher
from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.journal import loop_runs
from conformance.checks.outcomes import Absent
from conformance.checks.registry import register_experiment
from conformance.checks.stage import Stage
from conformance.strategies import NO_ROWS, Rows

# Seconds after which what must go on has not. Never waited for where all is well.
PATIENCE = 2.0
PASSWORD = "secret"


@dataclass(frozen=True)
class Hashing:
    """A password that is given."""

    given: str
    rows: Rows = NO_ROWS


class _Waiting:
    """What a hash waits for, and what it has waited for in vain."""

    def __init__(self) -> None:
        self.began, self.go_on = threading.Event(), threading.Event()
        self.seen: list[str] = []

    def wait(self) -> None:
        """Until other code has gone on. While the event loop itself is kept, none can."""
        self.began.set()
        self.seen.append("gone on" if not loop_runs() and self.go_on.wait(PATIENCE) else "waited in vain")


_WAITING = [_Waiting()]


class Patient(BasePasswordHasher):
    """Keeps the password as it is, when other code has gone on."""

    algorithm = "patient"

    def encode(self, password: str, salt: str) -> str:
        """With the algorithm and the salt, as every hash has them."""
        _WAITING[0].wait()
        return f"{self.algorithm}${salt}${password}"

    def decode(self, encoded: str) -> dict[str, str]:
        """The parts."""
        algorithm, salt, password = encoded.split("$")
        return {"algorithm": algorithm, "salt": salt, "hash": password}

    def verify(self, password: str, encoded: str) -> bool:
        """Whether it is this password's."""
        return self.encode(password, self.decode(encoded)["salt"]) == encoded

    def must_update(self, encoded: str) -> bool:  # noqa: ARG002 - Django's protocol
        """Never."""
        return False

    def harden_runtime(self, password: str, encoded: str) -> None:
        """All hashes take equally long."""


def surroundings(_: Any) -> AbstractContextManager[object]:
    """No other hasher."""
    from django.test import override_settings

    return override_settings(PASSWORD_HASHERS=[f"{__name__}.Patient"])


_ENCODED = f"{Patient.algorithm}$salt${PASSWORD}"


def _hashers(stage: Stage, given: str) -> Awaitable[Any]:
    from django.contrib.auth import hashers

    found: Awaitable[Any] = stage.adapter.asynchronous(hashers, "check_password")(given, _ENCODED)
    return found


def _user(stage: Stage, given: str) -> Awaitable[Any]:
    from django.contrib.auth import get_user_model

    user = get_user_model()(username="joan", password=_ENCODED)
    found: Awaitable[Any] = stage.adapter.asynchronous(user, "check_password")(given)
    return found


def _mitigated(stage: Stage, given: str) -> Awaitable[Any]:
    from django.contrib import auth

    name = "check_password_with_timing_attack_mitigation"
    if not hasattr(auth, name):
        raise Absent(f"this Django has no {name}")
    found: Awaitable[Any] = stage.adapter.asynchronous(auth, name)(None, given)
    return found


def _prepare(call: Callable[[Stage, str], Awaitable[Any]], *, known: bool) -> Callable[[Stage, Hashing], Sides]:
    def prepare(stage: Stage, example: Hashing) -> Sides:
        expected = (known and example.given == PASSWORD, ["gone on"])

        async def asynchronous() -> Any:
            waiting = _WAITING[0] = _Waiting()
            hashed = asyncio.ensure_future(call(stage, example.given))
            await asyncio.get_running_loop().run_in_executor(None, waiting.began.wait, PATIENCE)
            await sync_to_async(waiting.go_on.set)()
            return bool(await hashed), waiting.seen

        return Sides(lambda: expected, asynchronous, model=(expected,))

    return prepare


def _source(call: str) -> Callable[[Hashing], tuple[str, str]]:
    return lambda example: (
        "# hashing waits until synchronous code has run elsewhere",
        f"hashed = asyncio.ensure_future({call.format(example.given)})\nawait sync_to_async(go_on.set)()\nawait hashed",
    )


for _entry, _call, _known, _code in (
    ("auth.hashers.acheck_password.beside", _hashers, True, "acheck_password({!r}, joan.password)"),
    ("auth.user.acheck_password.beside", _user, True, "joan.acheck_password({!r})"),
    (
        "auth.acheck_password_with_timing_attack_mitigation.beside",
        _mitigated,
        False,
        "acheck_password_with_timing_attack_mitigation(None, {!r})",
    ),
):
    register_experiment(
        _entry,
        st.builds(Hashing, st.sampled_from([PASSWORD, "wrong"])),
        _prepare(_call, known=_known),
        _source(_code),
        surroundings=surroundings,
    )
