"""A user's permissions step by step: what an instance keeps, and what a new one finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.instruments.clock import restart
from conformance.checks.registry import register_experiment
from conformance.checks.seed import key
from conformance.checks.stage import Stage
from conformance.checks.subjects.auth import described, people
from conformance.checks.subjects.auth_people import (
    CODENAMES,
    PERMISSIONS,
    People,
    joan,
    permission_keys,
    surroundings,
)
from conformance.checks.subjects.auth_permissions import SUBSETS


@dataclass(frozen=True)
class Granting:
    """Joan, and what happens to her permissions: each step is a name and a permission's position."""

    rows: People
    steps: tuple[tuple[str, int], ...]


_STEPS = [(name, at) for name in ("may", "may", "grant", "revoke", "grant group") for at in (0, 1)] + [
    ("all", 0),
    ("all", 0),
    ("fetch anew", 0),
    ("leave group", 0),
]
GRANTING = st.builds(
    Granting,
    people(password="current", active=True, own=st.sampled_from(SUBSETS[:4]), of_group=st.sampled_from(SUBSETS[:2])),
    st.lists(st.sampled_from(_STEPS), min_size=2, max_size=7).map(tuple),
)


class _Rights:
    """Plays the steps on Joan: questions in both ways, what is between them as somebody else does it."""

    def __init__(self, stage: Stage, example: Granting) -> None:
        self._stage = stage
        self._steps = example.steps
        self._user = joan()

    def sync(self) -> list[Any]:
        """Questions by the synchronous methods."""
        return [self._asked(name, at) if name in ("may", "all") else self._done(name, at) for name, at in self._steps]

    async def asynchronous(self) -> list[Any]:
        """Questions by the asynchronous ones."""
        from asgiref.sync import sync_to_async

        answers: list[Any] = []
        for name, at in self._steps:
            if name in ("may", "all"):
                answers.append(await self._aasked(name, at))
            else:
                answers.append(await sync_to_async(self._done)(name, at))
        return answers

    def _asked(self, name: str, at: int) -> Any:
        return self._user.has_perm(PERMISSIONS[at]) if name == "may" else self._user.get_all_permissions()

    async def _aasked(self, name: str, at: int) -> Any:
        find = self._stage.adapter.asynchronous
        if name == "may":
            return await find(self._user, "has_perm")(PERMISSIONS[at])
        return await find(self._user, "get_all_permissions")()

    def _done(self, name: str, at: int) -> Any:
        self._do(name, at)
        return None

    def _do(self, name: str, at: int) -> None:
        from django.contrib.auth.models import Group, User

        found = User.objects.get(pk=key(2))
        if name == "fetch anew":
            self._user = found
        elif name == "leave group":
            found.groups.clear()
        elif name == "grant group":
            Group.objects.get(pk=key(0)).permissions.add(permission_keys()[at])
        elif name == "grant":
            found.user_permissions.add(permission_keys()[at])
        else:
            _revoke(permission_keys()[at])


def _revoke(permission: int) -> None:
    """Without the link's own key in the statement, which a sequence has given it."""
    from django.contrib.auth.models import User
    from django.db import connection

    table = connection.ops.quote_name(User.user_permissions.through._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE user_id = %s AND permission_id = %s", [key(2), permission])


def _granted(example: Granting) -> list[Any]:
    """The instance keeps what it has found first, as the documentation says, until it is fetched anew."""
    own, of_group, member = set(example.rows.own), set(example.rows.of_group), True
    kept: set[str] | None = None
    answers: list[Any] = []
    for name, at in example.steps:
        if name in ("may", "all"):
            if kept is None:
                kept = {PERMISSIONS[each] for each in own | (of_group if member else set())}
            answers.append(PERMISSIONS[at] in kept if name == "may" else set(kept))
            continue
        answers.append(None)
        kept = None if name == "fetch anew" else kept
        own = own | {at} if name == "grant" else own - {at} if name == "revoke" else own
        of_group = of_group | {at} if name == "grant group" else of_group
        member = member and name != "leave group"
    return answers


def _rights(stage: Stage, example: Granting) -> Sides:
    restart()
    rights = _Rights(stage, example)
    return Sides(rights.sync, rights.asynchronous, model=(_granted(example),))


def _rights_source(example: Granting) -> tuple[str, str]:
    words = {"may": "has_perm({!r})", "all": "get_all_permissions()"}

    def lines(prefix: str) -> str:
        shown = [
            f"{'await ' if prefix else ''}joan.{prefix}{words[name].format(PERMISSIONS[at])}"
            if name in words
            else f"# {name}: {CODENAMES[at]}"
            for name, at in example.steps
        ]
        return "\n".join([f"# {described(example.rows)}", *shown])

    return lines(""), lines("a")


register_experiment("auth.user.permission_steps", GRANTING, _rights, _rights_source, surroundings=surroundings)
