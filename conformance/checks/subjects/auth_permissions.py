"""What users may do: asked of a user, of nobody in particular, and of the backends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides, in_turn
from conformance.checks.instruments.clock import restart
from conformance.checks.registry import register_experiment
from conformance.checks.stage import Stage
from conformance.checks.subjects.auth import described, people
from conformance.checks.subjects.auth_backends_own import DENYING
from conformance.checks.subjects.auth_people import (
    ALLOW_ALL,
    MODEL,
    PERMISSIONS,
    People,
    joan,
    surroundings,
)
from conformance.checks.subjects.cache import Call, calls
from conformance.checks.twins import operation

BADGES = f"{__name__}.BadgePermissions"
# Stands for an object that permission is asked for.
AN_OBJECT = "a post"


class BadgePermissions:
    """A backend of the project's own, which knows permissions alone: one on every object, and never what is banned.

    It grants one to all by a group, and knows an app for which it fails.
    """

    def get_user_permissions(self, user: Any, obj: Any = None) -> set[str]:  # noqa: ARG002 - Django's protocol
        """One, where it is asked about an object."""
        return set() if obj is None else {PERMISSIONS[0]}

    get_all_permissions = get_user_permissions

    def get_group_permissions(self, user: Any, obj: Any = None) -> set[str]:  # noqa: ARG002 - Django's protocol
        """One, where it is asked about no object."""
        return {PERMISSIONS[2]} if obj is None else set()

    def has_perm(self, user: Any, perm: str, obj: Any = None) -> bool:
        """Refuses one for good, whatever the others say."""
        from django.core.exceptions import PermissionDenied

        if perm == PERMISSIONS[1]:
            raise PermissionDenied
        _fail_for(perm)
        return perm in self.get_all_permissions(user, obj)

    def has_module_perms(self, user: Any, app_label: str) -> bool:  # noqa: ARG002 - Django's protocol
        """All of one app; refuses another for good, whatever the others say."""
        from django.core.exceptions import PermissionDenied

        if app_label == "sample_app":
            raise PermissionDenied
        _fail_for(app_label)
        return app_label == "badges"

    async def aget_user_permissions(self, user: Any, obj: Any = None) -> set[str]:
        """The same."""
        return self.get_user_permissions(user, obj)

    async def aget_group_permissions(self, user: Any, obj: Any = None) -> set[str]:
        """The same."""
        return self.get_group_permissions(user, obj)

    async def aget_all_permissions(self, user: Any, obj: Any = None) -> set[str]:
        """The same."""
        return self.get_all_permissions(user, obj)

    async def ahas_perm(self, user: Any, perm: str, obj: Any = None) -> bool:
        """The same."""
        return self.has_perm(user, perm, obj)

    async def ahas_module_perms(self, user: Any, app_label: str) -> bool:
        """The same."""
        return self.has_module_perms(user, app_label)


def _fail_for(name: str) -> None:
    """An error of a backend says nothing about the permission."""
    if name.startswith("failing"):
        raise ConnectionError("the directory does not answer")


@dataclass(frozen=True)
class Asking:
    """What Joan may do, which backends are asked, what was asked before, and what is asked now."""

    rows: People
    backends: tuple[str, ...]
    before: tuple[Call, ...]
    call: Call


SUBSETS = ((), (0,), (1,), (0, 1), (0, 1))
_OBJ = {"obj": (None, AN_OBJECT)}
_ASKED = (PERMISSIONS[0], PERMISSIONS[1], PERMISSIONS[1], "other.add_post", "failing.view")
METHODS = {
    "get_user_permissions": calls("get_user_permissions", **_OBJ),
    "get_group_permissions": calls("get_group_permissions", **_OBJ),
    "get_all_permissions": calls("get_all_permissions", **_OBJ),
    "has_perm": calls("has_perm", _ASKED, **_OBJ),
    "has_perms": [
        *calls("has_perms", (PERMISSIONS[:1], PERMISSIONS[:2], (_ASKED[3], PERMISSIONS[0]), ()), **_OBJ),
        *[Call("has_perms", ("sample_app.add_post",))] * 3,
        Call("has_perms", (5,)),
    ],
    "has_module_perms": calls("has_module_perms", (*("sample_app",) * 3, "auth", "badges", "sample", "failing")),
}
# What the backend of the project's own grants: as many as there are other calls.
_GRANTED = {
    "has_perm": calls("has_perm", PERMISSIONS[:1], obj=(AN_OBJECT,) * 11)[1:],
    "has_perms": calls("has_perms", (PERMISSIONS[:1],), obj=(AN_OBJECT,) * 11)[1:],
}
# Asked of a backend, the user comes first; `has_perms` is the user's alone.
_OF_BACKEND = tuple(name for name in METHODS if name != "has_perms")
_BEFORE = ((), (), (Call("get_user_permissions"),), (Call("get_all_permissions"),))


def _each(name: str, more: Sequence[Call] = ()) -> Callable[[Asking, int], Asking]:
    found = [*METHODS[name], *more]
    return lambda example, turn: replace(example, call=in_turn(found, turn))


def _askings(backends: tuple[tuple[str, ...], ...]) -> st.SearchStrategy[Asking]:
    rights = {"own": st.sampled_from(SUBSETS), "of_group": st.sampled_from(SUBSETS)}
    superuser = st.sampled_from((False, False, False, True))
    return st.builds(
        Asking,
        people(password="current", superuser=superuser, **rights),
        st.sampled_from(backends),
        st.sampled_from(_BEFORE),
        st.just(METHODS["has_perm"][0]),
    )


def caches_of(user: Any) -> dict[str, Any]:
    """Which permissions the user's instance keeps, so that the next question asks no database.

    `_user_perm_cache` and `_group_perm_cache` are private, seen in Django 3.2 to 6.1. The third, `_perm_cache`, is the
    union of both: whether it is there or not, nothing is asked of the database.
    """
    return {name: getattr(user, name, None) for name in ("_user_perm_cache", "_group_perm_cache")}


def _of_user(stage: Stage, example: Asking) -> Sides:
    restart()
    user = joan()
    for call in example.before:
        getattr(user, call.name)()
    sides = operation(stage, user, example.call.name, *example.call.args, **dict(example.call.kwargs))
    return replace(sides, held=(lambda: caches_of(user), user), overriding=None, model=_expected(example))


def _expected(example: Asking) -> tuple[Any, ...]:
    """By sets alone, where the backends of Django are asked about no object; the app of the badges is theirs alone."""
    about = dict(example.call.kwargs).get("obj")
    if set(example.backends) - {MODEL, ALLOW_ALL} or about is not None:
        return ()
    own, of_group = ({PERMISSIONS[at] for at in positions} for positions in (example.rows.own, example.rows.of_group))
    rows, args = example.rows, example.call.args
    if rows.superuser and rows.active:
        return () if example.call.name.startswith("get_") else _answers(example.call, lambda _: True)
    own, of_group = (own, of_group) if rows.active else (set(), set())
    everything = own | of_group
    named = {"get_user_permissions": own, "get_group_permissions": of_group, "get_all_permissions": everything}
    if example.call.name == "has_module_perms":
        return (any(name.startswith(f"{args[0]}.") for name in everything),)
    if example.call.name in named:
        return (named[example.call.name],)
    return _answers(example.call, everything.__contains__)


def _answers(call: Call, may: Callable[[str], bool]) -> tuple[Any, ...]:
    if call.name == "has_perms" and isinstance(call.args[0], (str, int)):
        return ({"raises": "ValueError"},)
    return (all(map(may, call.args[0])) if call.name == "has_perms" else may(call.args[0]),)


def _of_nobody(stage: Stage, example: Asking) -> Sides:
    from django.contrib.auth.models import AnonymousUser

    restart()
    user = AnonymousUser()
    sides = operation(stage, user, example.call.name, *example.call.args, **dict(example.call.kwargs))
    in_groups = example.call.name == "get_group_permissions"
    return replace(sides, held=(), overriding=None, model=(set(),) if in_groups else ())


def backend_of(path: str) -> Any:
    """A backend as Django loads it."""
    from django.utils.module_loading import import_string

    return import_string(path)()


def _of_backend(stage: Stage, example: Asking) -> Sides:
    restart()
    user = joan()
    for call in example.before:
        getattr(user, call.name)()
    call = example.call
    sides = operation(stage, backend_of(MODEL), call.name, user, *call.args, **dict(call.kwargs))
    return replace(sides, held=(lambda: caches_of(user), user), overriding=None, model=_expected_of_backend(example))


def _expected_of_backend(example: Asking) -> tuple[Any, ...]:
    """A backend does not know that a superuser may do everything: it finds every permission instead."""
    return () if example.rows.superuser else _expected(example)


def _source(target: str) -> Callable[[Asking], tuple[str, str]]:
    def source(example: Asking) -> tuple[str, str]:
        setting = f"# AUTHENTICATION_BACKENDS = {list(example.backends)!r}; {described(example.rows)}"
        lines = [setting, *(call.source("joan") for call in example.before)]
        call = example.call
        if target == "ModelBackend()":
            call = replace(call, args=("joan", *call.args))
        return "\n".join([*lines, call.source(target)]), "\n".join([*lines, f"await {call.source(target, 'a')}"])

    return source


_CHAINS = ((MODEL,), (BADGES, MODEL), (BADGES, MODEL), (BADGES, MODEL), (DENYING, MODEL))
for _name in METHODS:
    register_experiment(
        f"auth.user.a{_name}",
        _askings(_CHAINS),
        _of_user,
        _source("joan"),
        surroundings=surroundings,
        vary=_each(_name),
    )
    # Only a backend of the project's own gives nobody a permission: mostly it is asked.
    register_experiment(
        f"auth.anonymous_user.a{_name}",
        _askings(((MODEL,), *((BADGES, MODEL),) * 3)),
        _of_nobody,
        _source("AnonymousUser()"),
        surroundings=surroundings,
        vary=_each(_name, _GRANTED.get(_name, [])),
    )
for _name in _OF_BACKEND:
    register_experiment(
        f"auth.model_backend.a{_name}",
        _askings(((MODEL,),)),
        _of_backend,
        _source("ModelBackend()"),
        surroundings=surroundings,
        vary=_each(_name),
    )
