"""Whether a thread is in the middle of a statement, told by its frames where nobody has counted its statements."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

from pytest_async_orm.frames.stacks import frames_of

# What Django's cursors go through on their way to the wire. Any other code may wait for whatever it likes.
_ON_THE_WAY = (
    "psycopg", "psycopg2", "psycopg_pool", "pymysql", "MySQLdb", "sqlite3", "socket", "ssl", "selectors", "contextlib",
    "django.utils", "pytest_async_orm.recording", "pytest_async_orm.leaks",
)  # fmt: skip


def sends_statement(thread: threading.Thread) -> bool:
    """Whether Django's code, or a driver below it, is what a thread runs at the moment."""
    names = (str(frame.f_globals.get("__name__", "")) for frame in frames_of(thread))
    innermost = next((name for name in names if not _is_below(name, _ON_THE_WAY)), "")
    return _is_below(innermost, ("django.db",))


def _is_below(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def locals_of_type(thread: threading.Thread, kind: type[Any]) -> Iterator[Any]:
    """The objects of a class that the functions of a thread have in their variables."""
    frames: list[FrameType] = frames_of(thread)
    for frame in frames:
        # By `type`: a lazy object that is asked for its class makes what it stands for.
        yield from (value for value in list(frame.f_locals.values()) if issubclass(type(value), kind))
