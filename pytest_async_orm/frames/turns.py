"""Loops that pause between two turns, as a heartbeat or a poller does: their next turn is work of its own.

Read from the source: the interpreter turns the head of a `while` into code in two places, one of them outside of what
repeats.
"""

from __future__ import annotations

import ast
import linecache
import re
from collections.abc import Sequence
from functools import lru_cache
from types import FrameType
from typing import Any

from pytest_async_orm.frames.lines import is_programs, is_users_file
from pytest_async_orm.patches.idle import place_of

_SLEEPS = re.compile(r"\bsleep\(")
_LOOPS = (ast.While, ast.For, ast.AsyncFor)
_BOUNDARIES = (*_LOOPS, ast.FunctionDef, ast.AsyncFunctionDef)
Lines = tuple[int, int]


def pausing_at(frames: Sequence[FrameType]) -> dict[int, Lines]:
    """The loops in which frames (outermost first, of one call after another) pause: by the frame's `id` its first and
    last line.
    """
    found = {}
    for number, frame in enumerate(frames):
        inner = frames[number + 1] if number + 1 < len(frames) else None
        if is_users_file(frame.f_code.co_filename) and _pauses(frame, inner):
            lines = _innermost_while(frame.f_code.co_filename, frame.f_lineno or 0)
            if lines is not None:
                found[id(frame)] = lines
    return found


def _pauses(frame: FrameType, inner: FrameType | None) -> bool:
    """Whether a frame waits for time to pass, or for an event: not for what somebody computes."""
    if inner is not None and is_programs(inner.f_code.co_filename):
        return False
    if inner is not None and place_of(inner) == "lock" and inner.f_code.co_name == "wait":
        return True
    return _SLEEPS.search(linecache.getline(frame.f_code.co_filename, frame.f_lineno or 0)) is not None


@lru_cache(maxsize=256)
def _innermost_while(file: str, line: int) -> Lines | None:
    """The lines that repeat in the innermost loop around a line, if it is a `while`: one that goes through a number of
    things is at them until it ends. None if there is none, or no source.
    """
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError):
        return None
    around = [node for node in ast.walk(tree) if isinstance(node, _BOUNDARIES) and node.lineno <= line <= _last(node)]
    found = max(around, key=lambda node: node.lineno, default=None)
    return (found.lineno, _last(found)) if isinstance(found, ast.While) else None


def _last(node: Any) -> int:
    """The last line of what a loop repeats, or of a function."""
    return int((node.body[-1] if isinstance(node, _LOOPS) else node).end_lineno or 0)
