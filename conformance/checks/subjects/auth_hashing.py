"""Passwords that are checked, and hashes that are stored anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.instruments import declare
from conformance.checks.instruments.clock import restart
from conformance.checks.instruments.hashing import hashed_from_now
from conformance.checks.registry import register_experiment
from conformance.checks.stage import Stage
from conformance.checks.subjects.auth import people
from conformance.checks.subjects.auth_people import (
    PASSWORD,
    PASSWORDS,
    People,
    joan,
    surroundings,
)
from conformance.checks.twins import operation


@dataclass(frozen=True)
class Checking:
    """A password in the table, one that is given, and whether somebody wants to know of an upgrade.

    `preferred` is an algorithm, which only the function of the hashers can be told; empty for that of the settings.
    """

    rows: People
    given: str
    told: bool
    preferred: str = ""

    @property
    def chosen(self) -> dict[str, str]:
        """The keyword arguments."""
        return {"preferred": self.preferred} if self.preferred else {}


CHECKING = st.builds(
    Checking,
    # Mostly one whose hash is stored anew, which is all that is written.
    people(password=st.sampled_from((*PASSWORDS, *("of another algorithm", "of fewer rounds") * 2))),
    st.sampled_from((PASSWORD, PASSWORD, "wrong", "")),
    st.booleans(),
)


# What the validators of passwords were told that somebody has chosen, by the side that runs.
_CHOSEN: list[str] = []


class Noting:
    """A validator of the project's own, which keeps what was chosen, as the documentation's example of one does."""

    def validate(self, password: str, user: Any = None) -> None:
        """Everything is allowed."""

    def password_changed(self, password: str, user: Any = None) -> None:  # noqa: ARG002 - Django's protocol
        """A password that is only stored anew is none that was chosen."""
        _CHOSEN.append(password)


@contextmanager
def _validated(example: Checking) -> Iterator[None]:
    from django.test import override_settings

    with surroundings(example), override_settings(AUTH_PASSWORD_VALIDATORS=[{"NAME": f"{__name__}.Noting"}]):
        yield


def _check_password(stage: Stage, example: Checking) -> Sides:
    restart()
    _CHOSEN.clear()
    user = joan()
    return operation(
        stage, user, "check_password", example.given, held=(user, lambda: list(_CHOSEN), hashed_from_now())
    )


def _check_hash(stage: Stage, example: Checking) -> Sides:
    """`hashers.check_password` with a setter, which is a coroutine function on the other side."""
    from django.contrib.auth import hashers

    restart()
    told: list[str] = []
    sync, asynchronous = (
        stage.adapter.sync(hashers, "check_password"),
        stage.adapter.asynchronous(hashers, "check_password"),
    )

    async def atold(password: str) -> None:
        told.append(password)

    given = (example.given, PASSWORDS[example.rows.password])
    return Sides(
        sync=lambda: sync(*given, *((told.append,) if example.told else ()), **example.chosen),
        asynchronous=lambda: asynchronous(*given, *((atold,) if example.told else ()), **example.chosen),
        held=(lambda: list(told), hashed_from_now()),
        declared=(declare(sync), declare(asynchronous)),
    )


# Which of them is upgraded depends on what is preferred alone.
_EVERY, _UPGRADED = 4, ("current", "of another algorithm")


def _vary(example: Checking, turn: int) -> Checking:
    if turn % _EVERY:
        return example
    rows = replace(example.rows, password=_UPGRADED[turn // _EVERY % len(_UPGRADED)])
    return replace(example, rows=rows, given=PASSWORD, told=True, preferred="outdated")


def _check_mitigated(stage: Stage, example: Checking) -> Sides:
    from django.contrib import auth

    restart()
    user = joan() if example.told else None
    name = "check_password_with_timing_attack_mitigation"
    held = (*((user,) if user else ()), hashed_from_now())
    return operation(stage, auth, name, user, example.given, held=held)


def _checking_source(call: str, asynchronous: str) -> Callable[[Checking], tuple[str, str]]:
    return lambda example: (
        f"# her password is {example.rows.password}\n" + call.format(**vars(example)),
        f"# her password is {example.rows.password}\n" + asynchronous.format(**vars(example)),
    )


register_experiment(
    "auth.user.acheck_password",
    CHECKING,
    _check_password,
    _checking_source("joan.check_password({given!r})", "await joan.acheck_password({given!r})"),
    surroundings=_validated,
)
register_experiment(
    "auth.hashers.acheck_password",
    CHECKING,
    _check_hash,
    _checking_source(
        "check_password({given!r}, joan.password)  # with a setter: {told}, preferred: {preferred!r}",
        "await acheck_password({given!r}, joan.password)  # with a setter: {told}, preferred: {preferred!r}",
    ),
    surroundings=surroundings,
    vary=_vary,
)
register_experiment(
    "auth.acheck_password_with_timing_attack_mitigation",
    CHECKING,
    _check_mitigated,
    _checking_source(
        "check_password_with_timing_attack_mitigation(joan if {told} else None, {given!r})",
        "await acheck_password_with_timing_attack_mitigation(joan if {told} else None, {given!r})",
    ),
    surroundings=surroundings,
)
