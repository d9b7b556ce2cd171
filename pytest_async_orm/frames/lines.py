"""Which line of the user's code something comes from: cheap to note, spelled out by `source` only when somebody asks.

What is noted of a frame is its code object and the instruction in it: a frame itself would keep its locals alive.
"""

from __future__ import annotations

import asyncio.events
import os
import site
import sys
import sysconfig
import threading
from concurrent.futures import thread
from itertools import count
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import asgiref
import django

from pytest_async_orm.patches import places

Frame = tuple[CodeType | str, int]
"""A code object and an instruction in it, or a file and a line."""
Frames = tuple[Frame, ...]
Unit = tuple[int, int]
"""The number of a request, message or task that is served, and how many of the user's frames are inside of it."""

LIMIT = 12
"""How many frames of the user's code are kept."""

_LIBRARY, _USER, _DJANGO, _BOUNDARY, _UNIT, _MAKER, _BACK = range(7)

# Beyond these frames is what runs the test, the task or the thread: no caller of the user's.
_BOUNDARIES = (
    asyncio.events.__file__, thread.__file__, threading.__file__, f"{os.sep}_pytest{os.sep}python.py",
    f"{os.sep}trio{os.sep}_core{os.sep}_run.py",
)  # fmt: skip
# What an async function under `async_to_sync` hands back to the thread that waits for it: beyond it stands the wait.
_HANDS_BACK = f"asgiref{os.sep}current_thread_executor.py"
BATCH, RELATED, WRITE, REFRESH, VALIDATION, MAKING, OPENING = 1, 2, 4, 8, 16, 32, 64
"""What a query is sent for, as bits: one of several statements of a call, a related object or a deferred field, a write
that reads on the way, rows that are read again, a validation, rows that a package makes for tests, a connection that
is set up."""

# By the names of Django's functions between a query and the user's code.
_PURPOSES = {
    "__get__": RELATED,
    "refresh_from_db": REFRESH,
    "arefresh_from_db": REFRESH,
    **dict.fromkeys(places.VALIDATING.split(), VALIDATION),
    **dict.fromkeys(places.WRITING.split(), WRITE),
    **dict.fromkeys(places.BATCHING.split(), BATCH),
    "delete": BATCH | WRITE,
    **dict.fromkeys(places.SETTING_UP.split(), OPENING),
}
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
# As code objects spell it: where the package is a link, what it leads to appears in no frame.
_OWN = str(Path(__file__).parent.parent) + os.sep


def is_installed(filename: str) -> bool:
    """Whether code is of an installed package."""
    return "site-packages" in filename or "dist-packages" in filename


def is_users_file(filename: str) -> bool:
    """Whether code is the user's: neither the standard library's, nor of an installed package, nor the plugin's."""
    return not (is_installed(filename) or filename.startswith((*_FOLDERS, _OWN, "<")))


def is_programs(filename: str) -> bool:
    """Whether code is the user's or Django's: what uses a database, and no library beside it."""
    return _verdicts[filename] in (_USER, _DJANGO) or filename.startswith(_DJANGOS)


def _is_unit(filename: str) -> bool:
    """Whether a file of a package holds a function that serves one request, message or task."""
    return not is_users_file(filename) and filename.replace(os.sep, "/").endswith(
        tuple(f"/{name}" for name in places.UNITS)
    )


class _Verdicts(dict[str, int]):
    """What each file's code is, found out at its first frame."""

    def __missing__(self, filename: str) -> int:
        if filename.endswith(_BOUNDARIES):
            found = _BOUNDARY
        elif filename.endswith(_HANDS_BACK):
            found = _BACK
        elif _is_unit(filename):
            found = _UNIT
        elif filename.startswith(_DJANGOS):
            found = _DJANGO
        elif not is_users_file(filename):
            makes = any(part in filename.replace(os.sep, "/") for part in places.MAKERS)
            found = _MAKER if makes else _LIBRARY
        else:
            found = _USER
        self[filename] = found
        return found


_verdicts = _Verdicts()


def frames_from(frame: FrameType | None, limit: int = LIMIT) -> tuple[Frames, int, int, Unit | None]:
    """The user's frames from a frame outwards, innermost first, as far as the task, thread or test reaches and at most
    `limit`; if only one is wanted, nothing is sought beyond it.

    Then what stands between them: the number of the call of Django's that sends batches, 0 if there is none; bits of
    what Django was asked for by the innermost of these frames, and whether rows are made for a test; and the unit.
    """
    found: list[Frame] = []
    batching: FrameType | None = None
    purpose = 0
    unit: Unit | None = None
    verdicts = _verdicts
    while frame is not None:
        code = frame.f_code
        verdict = verdicts[code.co_filename]
        if verdict == _USER:
            found.append((code, frame.f_lasti))
            if limit == 1:
                break
        elif verdict == _DJANGO:
            # Beyond the user's frame it is another call of Django's: a view's, a signal's.
            if not found and (part := _PURPOSES.get(code.co_name)):
                if part & BATCH:
                    batching = frame
                if part != RELATED or code.co_filename.endswith(places.DESCRIPTORS):
                    purpose |= part
        elif verdict == _UNIT:
            if unit is None and code.co_name in places.SERVING:
                unit = _call_of(frame), len(found)
        elif verdict == _MAKER:
            purpose |= MAKING
        elif verdict == _BOUNDARY or (verdict == _BACK and code.co_name == places.HANDED_BACK):
            break
        frame = frame.f_back
    if len(found) > limit:
        del found[limit:]
    return tuple(found), 0 if batching is None else _call_of(batching), purpose, unit


def outside_of_waiting(frame: FrameType | None) -> FrameType | None:
    """The caller of the standard library's wait that a frame stands in; the frame itself if it stands in none."""
    while frame is not None and _verdicts[frame.f_code.co_filename] == _BOUNDARY:
        frame = frame.f_back
    return frame


def user_frame(frame: FrameType | None, end: CodeType | None = None) -> Frame | None:
    """The innermost of the user's frames from a frame outwards, as far as the task, thread or test reaches, or the
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


def outermost(frame: FrameType | None, ending: str, end: CodeType | None = None) -> FrameType | None:
    """The outermost frame of a file whose path ends so, as far as the task, thread or test reaches, or the function
    that ends the search; None if there is none.
    """
    found = None
    verdicts = _verdicts
    while frame is not None and verdicts[(code := frame.f_code).co_filename] != _BOUNDARY and code is not end:
        if code.co_filename.endswith(ending):
            found = frame
        frame = frame.f_back
    return found


def stack_from(frame: FrameType | None) -> list[Frame]:
    """All frames from a frame outwards, innermost first, as far as the task, thread or test reaches."""
    found: list[Frame] = []
    verdicts = _verdicts
    while frame is not None and verdicts[(code := frame.f_code).co_filename] != _BOUNDARY:
        found.append((code, frame.f_lasti))
        frame = frame.f_back
    return found


def _call_of(frame: FrameType) -> int:
    """The number of the call that a frame is: kept in the frame itself, and so gone with it.

    An identity would not do, since the next call's frame may be made where the last one's was.
    """
    seen: Any = frame.f_locals
    if _CALL not in seen:
        seen[_CALL] = next(_calls)
    number: int = seen[_CALL]
    return number


def beyond_wrappers(frame: FrameType) -> FrameType:
    """The frame from which a query is sent: a wrapper of the project's own around every statement is not that."""
    if _verdicts[frame.f_code.co_filename] != _USER:
        return frame
    outer: FrameType | None = frame
    while outer is not None and outer.f_code.co_name != places.RUNS_WRAPPERS:
        outer = outer.f_back
    return outer or frame


def frames_of_libraries(frame: FrameType | None) -> Frames:
    """Where no code of the user's is on the stack: the innermost frame that is neither Django's nor this plugin's."""
    while frame is not None:
        name = frame.f_code.co_filename
        if _verdicts.get(name, _LIBRARY) in (_LIBRARY, _MAKER) and not name.startswith((_OWN, "<frozen")):
            return ((frame.f_code, frame.f_lasti),)
        frame = frame.f_back
    return ()


def frame_at(depth: int) -> FrameType:
    """A frame of the calling thread; 0 is the caller of this function."""
    return sys._getframe(depth + 1)
