"""Which line of the user's code a statement comes from: cheap to note, resolved only when somebody asks.

A place is a code object and an instruction's offset in it: a frame is not kept, since it would keep its locals alive.
"""

from __future__ import annotations

import asyncio.events
import os
import site
import sys
import sysconfig
import threading
from concurrent.futures import thread
from functools import lru_cache
from itertools import count, islice
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import asgiref
import django

Place = tuple[CodeType, int]
Places = tuple[Place, ...]

LIMIT = 12
"""How many frames of the user's code are kept."""

_LIBRARY, _USER, _DJANGO, _BOUNDARY = range(4)

# Beyond these frames is what runs the test, the task or the thread: no caller of the user's.
_BOUNDARIES = (asyncio.events.__file__, thread.__file__, threading.__file__, f"{os.sep}_pytest{os.sep}python.py")
# Django's calls that send equal statements in batches: what one of them sends is no N+1.
_BATCHING = frozenset(
    [
        "abulk_create",
        "aiterator",
        "aprefetch_related_objects",
        "_iterator",
        "bulk_create",
        "bulk_update",
        "delete",
        "in_bulk",
        "iterator",
        "prefetch_related_objects",
    ]
)
_CALL = "_pytest_async_orm_call"
_calls = count(1)


def _library_folders() -> tuple[str, ...]:
    found = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib", "scripts")}
    found.update(site.getsitepackages() if hasattr(site, "getsitepackages") else [])
    found.add(str(Path(threading.__file__).parent))
    # Where they are checkouts of their own.
    found.update(str(Path(module.__path__[0])) for module in (asgiref, django))
    return tuple(sorted({f"{path}{os.sep}" for path in found if path}))


_FOLDERS = _library_folders()
_DJANGOS = str(Path(django.__path__[0])) + os.sep
_OWN = str(Path(__file__).resolve().parent.parent) + os.sep


def is_users_file(filename: str) -> bool:
    """Whether code is the user's: neither the standard library's, nor of an installed package, nor the plugin's."""
    installed = "site-packages" in filename or "dist-packages" in filename
    return not (installed or filename.startswith((*_FOLDERS, _OWN, "<")))


class _Verdicts(dict[str, int]):
    """What each file's code is, found out at its first frame."""

    def __missing__(self, filename: str) -> int:
        if filename.endswith(_BOUNDARIES):
            found = _BOUNDARY
        elif filename.startswith(_DJANGOS):
            found = _DJANGO
        elif not is_users_file(filename):
            found = _LIBRARY
        else:
            found = _USER
        self[filename] = found
        return found


_verdicts = _Verdicts()


def places_from(frame: FrameType | None, limit: int = LIMIT) -> tuple[Places, int]:
    """The places of the user's code from a frame outwards, innermost first, as far as the task, thread or test reaches
    and at most `limit`; and the number of the call of Django's that sends batches, 0 if there is none.
    """
    found: list[Place] = []
    batching: FrameType | None = None
    verdicts = _verdicts
    while frame is not None:
        code = frame.f_code
        verdict = verdicts[code.co_filename]
        if verdict == _USER:
            found.append((code, frame.f_lasti))
            if len(found) == limit:
                break
        elif verdict == _DJANGO:
            # Beyond the user's frame it is another call of Django's: a view's, a signal's.
            if not found and code.co_name in _BATCHING:
                batching = frame
        elif verdict == _BOUNDARY:
            break
        frame = frame.f_back
    return tuple(found), 0 if batching is None else _call_of(batching)


def user_place(frame: FrameType | None, end: CodeType | None = None) -> Place | None:
    """The innermost place of the user's code from a frame outwards, as far as the task, thread or test reaches, or the
    function that ends the search.
    """
    verdicts = _verdicts
    while frame is not None:
        code = frame.f_code
        verdict = verdicts[code.co_filename]
        if verdict == _USER:
            return code, frame.f_lasti
        if verdict == _BOUNDARY or code is end:
            return None
        frame = frame.f_back
    return None


def stack_from(frame: FrameType | None) -> list[Place]:
    """All places from a frame outwards, innermost first, as far as the task, thread or test reaches."""
    found: list[Place] = []
    verdicts = _verdicts
    while frame is not None and verdicts[(code := frame.f_code).co_filename] != _BOUNDARY:
        found.append((code, frame.f_lasti))
        frame = frame.f_back
    return found


def _call_of(frame: FrameType) -> int:
    """The number of the call that a frame is: kept in the frame itself, and so gone with it.

    An identity would not do, since the next call's frame takes the place of the last one's.
    """
    seen: Any = frame.f_locals
    if _CALL not in seen:
        seen[_CALL] = next(_calls)
    number: int = seen[_CALL]
    return number


@lru_cache(maxsize=4096)
def line_of(place: Place) -> str:
    """`file:line`, the file relative to the working directory if it is below it."""
    code, offset = place
    return f"{_shown(code.co_filename)}:{number_of_line(code, offset)}"


def number_of_line(code: CodeType, offset: int) -> int:
    """The line of an instruction, by its offset in a code object."""
    for start, end, line in code.co_lines():
        if start <= offset < end and line is not None:
            return line
    return code.co_firstlineno


@lru_cache(maxsize=4096)
def columns_of(place: Place) -> tuple[int, int] | None:
    """Where in its line the expression under way stands, from 0; None if the interpreter does not tell (3.10)."""
    code, offset = place
    positions = getattr(code, "co_positions", None)
    if positions is None:
        return None
    line, last, start, end = next(islice(positions(), offset // 2, None), (None,) * 4)
    return (start, end) if line == last and start is not None and end is not None else None


@lru_cache(maxsize=1024)
def _shown(filename: str) -> str:
    try:
        return str(Path(filename).relative_to(Path.cwd()))
    except ValueError:
        return filename


def place_of_libraries(frame: FrameType | None) -> Places:
    """Where no code of the user's is on the stack: the innermost frame that is neither Django's nor this plugin's."""
    while frame is not None:
        name = frame.f_code.co_filename
        if _verdicts.get(name, _LIBRARY) == _LIBRARY and not name.startswith((_OWN, "<frozen")):
            return ((frame.f_code, frame.f_lasti),)
        frame = frame.f_back
    return ()


def caller(depth: int) -> FrameType:
    """A frame of the calling thread; 0 is the caller of this function."""
    return sys._getframe(depth + 1)
