"""Lines of the user's code: cheap to note where something happens, dear to spell out, so that is done later.

A frame is noted as its code object and the instruction in it: neither keeps the frame's variables alive.
"""

from __future__ import annotations

import linecache
import os
from collections.abc import Iterable
from types import CodeType

from pytest_async_orm.connections.callsites import number_of_line
from pytest_async_orm.records import Place

# A code object and an instruction in it, or a file and a line.
Spot = tuple[CodeType | str, int]


def line_of(spot: Spot) -> int:
    code, instruction = spot
    if isinstance(code, str):
        return instruction
    return number_of_line(code, instruction)


def place(user: Spot | None, stack: Iterable[Spot] = (), root: str = "") -> Place:
    """Spell a noted line out, relative to a root directory if it is below it."""
    text = "".join(_formatted(spot) for spot in reversed(list(stack)))
    return Place(f"{relative(_file(user), root)}:{line_of(user)}" if user is not None else "", text)


def _file(spot: Spot) -> str:
    return spot[0] if isinstance(spot[0], str) else spot[0].co_filename


def _formatted(spot: Spot) -> str:
    path, line = _file(spot), line_of(spot)
    name = getattr(spot[0], "co_name", "?")
    source = linecache.getline(path, line).strip()
    return f'  File "{path}", line {line}, in {name}\n' + (f"    {source}\n" if source else "")


def relative(path: str, root: str) -> str:
    below = f"{root}{os.sep}"
    return path[len(below) :] if root and path.startswith(below) else path
