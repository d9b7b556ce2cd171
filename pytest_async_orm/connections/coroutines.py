"""ORM coroutines that nobody awaited, told by the interpreter as it drops them.

`warnings._warn_unawaited_coroutine` is private (seen in Python 3.10 to 3.13): the interpreter calls it with the
coroutine. While a test runs, the main thread's coroutines know where they were made.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import django

from pytest_async_orm.connections.callsites import is_users_file
from pytest_async_orm.connections.ledger import LEDGER
from pytest_async_orm.connections.places import place as place_of
from pytest_async_orm.connections.places import relative
from pytest_async_orm.connections.spawning import SPAWNING
from pytest_async_orm.records import Place

# A manager's method stands between the user's line and the coroutine, no more.
_DEPTH = 2
_DJANGO = str(Path(django.__path__[0]))
_ORM = tuple(f"{_DJANGO}/{part}" for part in ("db/", "shortcuts.py", "contrib/auth/", "contrib/sessions/"))


@dataclass(frozen=True)
class Unawaited:
    """A coroutine that was dropped before its first step."""

    name: str
    made_at: Place
    test: str | None


class Coroutines:
    """One a process."""

    def __init__(self) -> None:
        self._dropped: list[Unawaited] = []
        self._installed = False

    def install(self) -> None:
        if not self._installed:
            self._installed = True
            module: Any = warnings
            module._warn_unawaited_coroutine = self._noting(module._warn_unawaited_coroutine)

    def take(self) -> list[Unawaited]:
        dropped, self._dropped = self._dropped, []
        return dropped

    def track(self) -> Callable[[], None]:
        """Let the calling thread's coroutines remember where they are made; return what ends it."""
        before = sys.get_coroutine_origin_tracking_depth()
        sys.set_coroutine_origin_tracking_depth(max(before, _DEPTH))
        return lambda: sys.set_coroutine_origin_tracking_depth(before)

    def _noting(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(original)
        def _warn_unawaited_coroutine(coro: Any) -> None:
            if LEDGER.watching and is_orms(coro):
                self._dropped.append(Unawaited(coro.__qualname__, _made_at(coro), SPAWNING.present_test()))
            original(coro)

        return _warn_unawaited_coroutine


def is_orms(coroutine: Any) -> bool:
    """Whether a coroutine is one of Django's own that use the database, or hands such a function to a thread."""
    if coroutine.cr_code.co_filename.startswith(_ORM):
        return True
    frame = coroutine.cr_frame
    handed = frame.f_locals.get("self") if frame is not None and coroutine.cr_code.co_name == "__call__" else None
    function = getattr(handed, "func", None)
    return str(getattr(function, "__module__", "")).startswith("django.db.")


def _made_at(coroutine: Any) -> Place:
    for path, line, _ in coroutine.cr_origin or ():
        if is_users_file(path):
            return Place(f"{relative(path, LEDGER.root)}:{line}")
    # Dropped where it was made, most often: `Tag.objects.acreate(...)` as a statement.
    return place_of(SPAWNING.spot(sys._getframe(2)), root=LEDGER.root)


COROUTINES = Coroutines()
