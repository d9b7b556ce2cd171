"""ORM coroutines that nobody awaited, told by the interpreter as it drops them.

While a test runs, the main thread's coroutines know where they were made.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import django

from pytest_async_orm.frames import handoff
from pytest_async_orm.frames.lines import is_users_file
from pytest_async_orm.frames.source import relative, source_line
from pytest_async_orm.leaks.ledger import Ledger
from pytest_async_orm.patches import targets
from pytest_async_orm.patches.process import PROCESS
from pytest_async_orm.records import SourceLine

# A manager's method stands between the user's line and the coroutine, no more.
_DEPTH = 2
_DJANGO = str(Path(django.__path__[0]))
_ORM = tuple(f"{_DJANGO}/{part}" for part in ("db/", "shortcuts.py", "contrib/auth/", "contrib/sessions/"))


class Unawaited(NamedTuple):
    """A coroutine that was dropped before its first step."""

    name: str
    made_at: SourceLine
    test: str | None


class Coroutines:
    """Those that were dropped since they were last asked for."""

    def __init__(self) -> None:
        self._dropped: list[Unawaited] = []

    def install(self) -> None:
        """Note dropped coroutines from now on."""
        PROCESS.patches.install(targets.UNAWAITED, _noting)

    def note(self, coroutine: Any) -> None:
        """Remember a coroutine that is dropped at this moment, if it is the ORM's."""
        if is_orms(coroutine):
            self._dropped.append(Unawaited(coroutine.__qualname__, _made_at(coroutine), handoff.present_test()))

    def take(self) -> list[Unawaited]:
        """Those that were dropped, and forget them."""
        dropped, self._dropped = self._dropped, []
        return dropped

    def track(self) -> Callable[[], None]:
        """Let the calling thread's coroutines remember where they are made; return what ends it."""
        before = sys.get_coroutine_origin_tracking_depth()
        sys.set_coroutine_origin_tracking_depth(max(before, _DEPTH))
        return lambda: sys.set_coroutine_origin_tracking_depth(before)


def _noting(original: Callable[..., Any]) -> Callable[..., Any]:
    """Notes a coroutine, then lets the original warn with no frame of ours between it and the line that it names.

    The original warns of its caller's line. Here that is the interpreter: it makes an instance of this class, which is
    one call of `__new__` that returns, and one of `__init__`, which is the original itself.
    """

    class _Noting:
        def __new__(cls, coro: Any) -> Any:
            if PROCESS.watching:
                PROCESS.one(Coroutines).note(coro)
            return object.__new__(cls)

        __init__ = staticmethod(original)  # type: ignore[assignment,unused-ignore]

    # A class cannot pass for a function, which `wraps` makes of it; `partial` calls it without a frame.
    return partial(_Noting)


def is_orms(coroutine: Any) -> bool:
    """Whether a coroutine is one of Django's own that use the database, or hands such a function to a thread."""
    if coroutine.cr_code.co_filename.startswith(_ORM):
        return True
    frame = coroutine.cr_frame
    handed = frame.f_locals.get("self") if frame is not None and coroutine.cr_code.co_name == "__call__" else None
    function = getattr(handed, "func", None)
    return str(getattr(function, "__module__", "")).startswith("django.db.")


def _made_at(coroutine: Any) -> SourceLine:
    root = PROCESS.one(Ledger).root
    for path, line, _ in coroutine.cr_origin or ():
        if is_users_file(path):
            return SourceLine(f"{relative(path, root)}:{line}")
    # Dropped where it was made, most often: `Tag.objects.acreate(...)` as a statement.
    return source_line(handoff.user_frame(sys._getframe(2)), root=root)
