"""Whether a thread waits for what comes from outside of the program: the next message, connection or line.

A consumer of a broker stands in a library, or in C, that the program's own loop has called. The answer to a request is
awaited so too, and so is the next row of a stream: they are told apart by the name of what is called.
"""

from __future__ import annotations

import dis
import linecache
import re
import threading
from collections.abc import Sequence
from functools import lru_cache
from types import CodeType, FrameType

from pytest_async_orm.frames.lines import is_installed, is_programs, is_users_file

# What takes the next message: of redis, message queues, sockets, pipes, psycopg, Kombu and Huey. No word by which
# programs call what they ask of others, such as `reserve`.
_RECEIVES = re.compile(
    r"\b(?:b[lrz]\w*pop\w*|blmove|xread\w*|get_message|recv\w*|receive\w*|accept|poll|select|epoll|notifies|listen"
    r"|drain_events|dequeue|readline|handle_request)\("
)
# What runs a library's loop until it is told to stop. Not just any `run()`: that may be one request.
_RUNS = re.compile(r"\b(?:reactor\.run|run_forever|start_consuming|serve\w*|work|loop_forever|consume|listen)\(")
_JUMPS = frozenset([*dis.hasjrel, *dis.hasjabs])


def awaits_message(frames: Sequence[FrameType]) -> bool:
    """Whether the frames of a thread, innermost first, stand where the program's loop, or one of an installed package
    that the program runs, waits for its next job. What another thread of the program computes is none.
    """
    for number, frame in enumerate(frames):
        file = frame.f_code.co_filename
        if file == threading.__file__:
            return False
        if is_programs(file):
            return is_users_file(file) and _awaits(frame, frames[number - 1] if number else None)
    return False


def _awaits(frame: FrameType, called: FrameType | None) -> bool:
    code, instruction = frame.f_code, frame.f_lasti
    line = linecache.getline(code.co_filename, frame.f_lineno or 0)
    if _RECEIVES.search(line) is not None and is_in_loop(code, instruction):
        return True
    return called is not None and is_installed(called.f_code.co_filename) and _RUNS.search(line) is not None


@lru_cache(maxsize=1024)
def is_in_loop(code: CodeType, instruction: int) -> bool:
    """Whether a later instruction jumps back to an instruction, or before it."""
    return any(
        found.offset > instruction and found.opcode in _JUMPS and found.argval <= instruction
        for found in dis.get_instructions(code)
    )
