"""Managers of users, and users whose synchronous methods a project overrides."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from unicodedata import normalize

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.instruments.clock import restart
from conformance.checks.reference import AN_ANSWER
from conformance.checks.stage import Stage
from conformance.checks.subjects.auth import people
from conformance.checks.subjects.auth_backends import register
from conformance.checks.subjects.auth_people import (
    JOAN,
    MODEL,
    PASSWORD,
    People,
    joan,
)
from conformance.checks.subjects.auth_permissions import METHODS as RIGHTS
from conformance.checks.subjects.cache import Call, calls
from conformance.checks.twins import mapped, operation, overriding_method


@dataclass(frozen=True)
class Managing:
    """A manager's method and its arguments."""

    rows: People
    model: str
    call: Call
    alias: str | None = None
    backends: tuple[str, ...] = (MODEL,)


def _manager(example: Managing) -> Any:
    from django.contrib.auth import models

    manager = getattr(models, example.model).objects
    return manager if example.alias is None else manager.db_manager(example.alias)


# A database that is not there: whoever asks for another one than this is found out.
_ALIASES = (None, None, None, "nowhere")


def _managing(model: str, found: list[Call]) -> st.SearchStrategy[Managing]:
    drawn = people(password="current")
    return st.builds(Managing, drawn, st.just(model), st.sampled_from(found), st.sampled_from(_ALIASES))


def _of_manager(stage: Stage, example: Managing) -> Sides:
    restart()
    sides = operation(stage, _manager(example), example.call.name, *example.call.args, **dict(example.call.kwargs))
    return replace(sides, overriding=None)


def _making(stage: Stage, example: Managing) -> Sides:
    sides = mapped(_of_manager(stage, example), _described)
    expected = _expected(example)
    return sides if expected is None else replace(sides, model=([AN_ANSWER, *expected],))


def _described(user: Any) -> list[Any]:
    """The user, with what follows from the arguments."""
    return [user, user.username, user.email, user.has_usable_password(), user.is_staff, user.is_superuser]


def _expected(example: Managing) -> list[Any] | None:
    """The same by the documentation; None where the database or the arguments may be refused."""
    given, super_ = dict(example.call.kwargs), example.call.name == "create_superuser"
    (name,) = example.call.args
    if example.alias or name in (JOAN, "") or (super_ and False in (given.get("is_staff"), given.get("is_superuser"))):
        return None
    email = "A@example.com" if given.get("email") else ""
    usable = given.get("password") is not None
    return [normalize("NFKC", name), email, usable, super_ or given.get("is_staff", False), super_]


def _overridden_manager(stage: Stage, example: Managing) -> Sides:
    restart()
    manager = _manager(example)
    sides = operation(stage, manager, example.call.name, *example.call.args, **dict(example.call.kwargs))
    return replace(sides, overriding=overriding_method(manager, example.call.name))


def _manager_source(example: Managing) -> tuple[str, str]:
    target = f"{example.model}.objects" + (f".db_manager({example.alias!r})" if example.alias else "")
    return example.call.source(target), f"await {example.call.source(target, 'a')}"


_NAMES = ("new", "ﬁne", JOAN, "")
_FIELDS: dict[str, tuple[Any, ...]] = {"email": ("A@EXAMPLE.com", None), "password": ("secret", "secret", None)}
_CREATING = {
    "create_user": calls("create_user", _NAMES, **_FIELDS, is_staff=(True,), first_name=("New",)),
    "create_superuser": calls("create_superuser", _NAMES, **_FIELDS, is_staff=(False, True), is_superuser=(False,)),
}
for _name, _found in _CREATING.items():
    register(f"auth.user_manager.a{_name}", _managing("User", _found), _making, _manager_source)
_BY_KEY = "get_by_natural_key"
register(
    f"auth.user_manager.a{_BY_KEY}",
    _managing("User", calls(_BY_KEY, (JOAN, "ada", "no"))),
    _of_manager,
    _manager_source,
)
register(
    f"auth.group_manager.a{_BY_KEY}",
    _managing("Group", calls(_BY_KEY, ("editors", "readers", "no"))),
    _of_manager,
    _manager_source,
)
register(
    "auth.user_manager.overridden",
    _managing("User", [Call("create_user", ("new",)), Call("create_superuser", ("new",)), Call(_BY_KEY, (JOAN,))]),
    _overridden_manager,
    _manager_source,
)


@dataclass(frozen=True)
class Overriding:
    """Joan, and what is asked of her."""

    rows: People
    call: Call
    backends: tuple[str, ...] = (MODEL,)


def _overridden_user(stage: Stage, example: Overriding) -> Sides:
    restart()
    user = joan()
    return operation(stage, user, example.call.name, *example.call.args, **dict(example.call.kwargs))


register(
    "auth.user.overridden",
    st.builds(
        Overriding,
        people(password="current", active=True),
        st.sampled_from([Call("check_password", (PASSWORD,)), *(found[0] for found in RIGHTS.values())]),
    ),
    _overridden_user,
    lambda example: (example.call.source("joan"), f"await {example.call.source('joan', 'a')}"),
)
