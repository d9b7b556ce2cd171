"""The ORM's async generators: where each was first iterated, and whether somebody closed it.

asyncio's loop is told of every async generator's first step, and closes at its own end what is left. Other loops
(uvloop) are not seen.
"""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Callable
from types import AsyncGeneratorType
from typing import Any

from pytest_async_orm.frames import handoff
from pytest_async_orm.frames.context import current_task_name
from pytest_async_orm.frames.lines import Frame, is_users_file
from pytest_async_orm.patches import targets
from pytest_async_orm.patches.executors import left_generators
from pytest_async_orm.patches.process import PROCESS

# The generator inside `aiterator()`: it holds a cursor until it is exhausted or closed. The one of `async for row in
# queryset` has fetched all its rows and holds nothing.
_HOLDING = "_async_generator"
# Whoever iterates over a streamed response passes by here, a server too, which has no line of the user's.
RESPONSES = f"django{os.sep}http{os.sep}response.py"


class OpenGenerator:
    """An async generator that was begun and is neither exhausted nor closed."""

    def __init__(self, generator: AsyncGeneratorType[Any, Any]) -> None:
        self._generator = weakref.ref(generator)
        frame = sys._getframe(3)
        read_at = handoff.asked_at(frame, RESPONSES)
        self.user_frame: Frame | None = read_at or handoff.user_frame(frame)
        self.streamed = read_at is not None
        """Whether a test reads a streamed response, whose view iterates: who left it is the test."""
        self.test = handoff.present_test()
        self.task_name = current_task_name()
        self.left_to_loop = False

    @property
    def is_open(self) -> bool:
        """Whether nobody but the loop's own end closed it."""
        generator = self._generator()
        return self.left_to_loop or (generator is not None and generator.ag_frame is not None)

    def is_it(self, generator: AsyncGeneratorType[Any, Any]) -> bool:
        """Whether this is the note of that generator."""
        return self._generator() is generator


class Generators:
    """Those that were begun since they were last asked for."""

    def __init__(self) -> None:
        self._begun: list[OpenGenerator] = []

    def install(self) -> None:
        """Note first steps and ends of loops from now on."""
        PROCESS.patches.install(targets.FIRST_ITERATION, _noting)
        PROCESS.patches.install(targets.SHUT_GENERATORS, _shutting)

    def note(self, generator: AsyncGeneratorType[Any, Any]) -> None:
        """Remember a generator at its first step."""
        self._begun.append(OpenGenerator(generator))

    def note_end_of_loop(self, left: list[Any]) -> None:
        """Remember which generators a loop closes at its end, since nobody else has."""
        for noted in self._begun:
            # A test that fails keeps its frames, and with them its generators: those are no leak.
            noted.left_to_loop |= any(noted.is_it(generator) for generator in left) and noted.is_open

    def take(self) -> list[OpenGenerator]:
        """Those that are open, and forget all."""
        begun, self._begun = self._begun, []
        return [generator for generator in begun if generator.is_open]


def _noting(original: Callable[..., Any]) -> Callable[..., Any]:
    def _asyncgen_firstiter_hook(loop: Any, agen: Any) -> None:
        original(loop, agen)
        code = getattr(agen, "ag_code", None)
        if code is None or code.co_name != _HOLDING or is_users_file(code.co_filename) or not PROCESS.watching:
            return
        PROCESS.one(Generators).note(agen)

    return _asyncgen_firstiter_hook


def _shutting(original: Callable[..., Any]) -> Callable[..., Any]:
    async def shutdown_asyncgens(loop: Any) -> None:
        PROCESS.one(Generators).note_end_of_loop(left_generators(loop))
        await original(loop)

    return shutdown_asyncgens
