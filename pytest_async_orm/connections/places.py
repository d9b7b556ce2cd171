"""Lines of the user's code: cheap to note where something happens, dear to spell out, so that is done later.

A frame is noted as its code object and the instruction in it: neither keeps the frame's variables alive.
"""

from __future__ import annotations

import linecache
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from types import CodeType, FrameType

import asgiref
import django

from pytest_async_orm.records import Place

Spot = tuple[CodeType, int]

_LIBRARIES = tuple(
    f"{folder}/"
    for folder in {
        sysconfig.get_path("stdlib"),
        str(Path(__file__).parent.parent),
        *(str(Path(module.__path__[0])) for module in (asgiref, django)),
    }
)
# The verdict on each code object, by its identity: the same functions open connections again and again.
_VERDICTS: dict[CodeType, bool] = {}


def is_users(code: CodeType) -> bool:
    """Whether code is the user's: neither the standard library's, nor of an installed package, nor the plugin's."""
    verdict = _VERDICTS.get(code)
    if verdict is None:
        verdict = _VERDICTS[code] = is_users_file(code.co_filename)
    return verdict


def is_users_file(path: str) -> bool:
    if path.startswith("<") or "site-packages" in path or "dist-packages" in path:
        return False
    return not path.startswith(_LIBRARIES)


def user_spot(frame: FrameType | None) -> Spot | None:
    """The innermost frame of the user's code, from a frame outwards."""
    while frame is not None:
        if is_users(frame.f_code):
            return frame.f_code, frame.f_lasti
        frame = frame.f_back
    return None


def spots(frame: FrameType | None) -> list[Spot]:
    """All frames from one outwards, innermost first."""
    found = []
    while frame is not None:
        found.append((frame.f_code, frame.f_lasti))
        frame = frame.f_back
    return found


def line_of(spot: Spot) -> int:
    code, instruction = spot
    for start, end, line in code.co_lines():
        if start <= instruction < end and line is not None:
            return line
    return code.co_firstlineno


def place(user: Spot | None, stack: Iterable[Spot] = (), root: str = "") -> Place:
    """Spell a noted line out, relative to a root directory if it is below it."""
    text = "".join(_formatted(spot) for spot in reversed(list(stack)))
    return Place(f"{relative(user[0].co_filename, root)}:{line_of(user)}" if user is not None else "", text)


def _formatted(spot: Spot) -> str:
    code, line = spot[0], line_of(spot)
    source = linecache.getline(code.co_filename, line).strip()
    return f'  File "{code.co_filename}", line {line}, in {code.co_name}\n' + (f"    {source}\n" if source else "")


def relative(path: str, root: str) -> str:
    try:
        return Path(path).relative_to(root).as_posix() if root else path
    except ValueError:
        return path

