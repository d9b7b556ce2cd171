"""Spells out the lines that were noted: read from code objects and source files, so done only when somebody asks."""

from __future__ import annotations

import linecache
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from itertools import islice
from pathlib import Path
from types import CodeType

from pytest_async_orm.frames.lines import Frame
from pytest_async_orm.records import SourceLine


@lru_cache(maxsize=4096)
def call_site(frame: Frame) -> str:
    """`file:line`, the file relative to the working directory or to a folder that Python imports from."""
    return f"{_below_here(_file(frame))}:{_line(frame)}"


@lru_cache(maxsize=4096)
def columns_of(frame: Frame) -> tuple[int, int] | None:
    """Where in its line the expression under way stands, from 0; None if the interpreter does not tell (3.10)."""
    code, offset = frame
    positions = getattr(code, "co_positions", None)
    if positions is None:
        return None
    line, last, start, end = next(islice(positions(), offset // 2, None), (None,) * 4)
    return (start, end) if line == last and start is not None and end is not None else None


def source_line(user: Frame | None, stack: Iterable[Frame] = (), root: str = "") -> SourceLine:
    """A noted line, relative to a root directory if it is below it, with its stack; empty for None."""
    text = "".join(_formatted(frame) for frame in reversed(list(stack)))
    return SourceLine(f"{relative(_file(user), root)}:{_line(user)}" if user is not None else "", text)


def relative(path: str, root: str) -> str:
    """A path below a root directory without the root; any other without the working directory, or else the folder that
    Python imports it from: what is told of a line has no path of the machine, where that can be.
    """
    below = f"{root}{os.sep}"
    return path[len(below) :] if root and path.startswith(below) else _below_here(path)


def file_of(shown: str) -> str:
    """The file that a shown path stands for, as far as there is one."""
    if Path(shown).exists():
        return shown
    return next((str(found) for folder in sys.path if (found := Path(folder, shown)).is_file()), shown)


def _line(frame: Frame) -> int:
    code, instruction = frame
    if isinstance(code, str):
        return instruction
    return _line_of_instruction(code, instruction)


def _line_of_instruction(code: CodeType, instruction: int) -> int:
    for start, end, line in code.co_lines():
        if start <= instruction < end and line is not None:
            return line
    return code.co_firstlineno


def _file(frame: Frame) -> str:
    return frame[0] if isinstance(frame[0], str) else frame[0].co_filename


def _formatted(frame: Frame) -> str:
    path, line = _file(frame), _line(frame)
    name = getattr(frame[0], "co_name", "?")
    source = linecache.getline(path, line).strip()
    return f'  File "{path}", line {line}, in {name}\n' + (f"    {source}\n" if source else "")


@lru_cache(maxsize=1024)
def _below_here(filename: str) -> str:
    for folder in (Path.cwd(), *sorted(map(Path, filter(None, sys.path)), key=lambda path: -len(path.parts))):
        with suppress(ValueError):
            return str(Path(filename).relative_to(folder))
    return filename
