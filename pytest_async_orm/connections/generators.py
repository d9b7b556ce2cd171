"""The ORM's async generators: where each was first iterated, and whether somebody closed it.

asyncio's loop is told of every async generator's first step (`BaseEventLoop._asyncgen_firstiter_hook`, private, seen in
Python 3.10 to 3.13) and closes at its own end what is left (`shutdown_asyncgens`, public). Both are patched once a
process. Other loops (uvloop) are not seen.
"""

from __future__ import annotations

import asyncio
import sys
import weakref
from collections.abc import Callable
from functools import wraps
from types import AsyncGeneratorType
from typing import Any

from pytest_async_orm.connections.callsites import is_users_file
from pytest_async_orm.connections.ledger import LEDGER
from pytest_async_orm.connections.places import Spot
from pytest_async_orm.connections.spawning import SPAWNING, current_task_name

# The generator beneath `aiterator()`: it holds a cursor until it is exhausted or closed. The one of `async for row in
# queryset` has fetched all its rows and holds nothing.
_HOLDING = "_async_generator"


class OpenGenerator:
    """One that was begun, and is neither exhausted nor closed."""

    def __init__(self, generator: AsyncGeneratorType[Any, Any]) -> None:
        self._generator = weakref.ref(generator)
        self.spot: Spot | None = SPAWNING.spot(sys._getframe(2))
        self.test = SPAWNING.present_test()
        self.task_name = current_task_name()
        self.left_to_loop = False

    @property
    def is_open(self) -> bool:
        """Whether nobody but the loop's own end closed it."""
        generator = self._generator()
        return self.left_to_loop or (generator is not None and generator.ag_frame is not None)

    def is_it(self, generator: AsyncGeneratorType[Any, Any]) -> bool:
        return self._generator() is generator


class Generators:
    """Those of the present test. One a process."""

    def __init__(self) -> None:
        self._begun: list[OpenGenerator] = []
        self._installed = False

    def install(self) -> None:
        if not self._installed:
            self._installed = True
            loop: Any = asyncio.BaseEventLoop
            loop._asyncgen_firstiter_hook = self._noting(loop._asyncgen_firstiter_hook)
            loop.shutdown_asyncgens = self._shutting(loop.shutdown_asyncgens)

    def take(self) -> list[OpenGenerator]:
        """Those that are open, and forget all."""
        begun, self._begun = self._begun, []
        return [generator for generator in begun if generator.is_open]

    def _noting(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(original)
        def _asyncgen_firstiter_hook(loop: Any, agen: Any) -> None:
            original(loop, agen)
            code = getattr(agen, "ag_code", None)
            if (
                code is not None
                and code.co_name == _HOLDING
                and not is_users_file(code.co_filename)
                and LEDGER.watching
            ):
                self._begun.append(OpenGenerator(agen))

        return _asyncgen_firstiter_hook

    def _shutting(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(original)
        async def shutdown_asyncgens(loop: Any) -> None:
            left = list(getattr(loop, "_asyncgens", ()))
            for noted in self._begun:
                # A test that fails keeps its frames, and with them its generators: those are no leak.
                noted.left_to_loop |= any(noted.is_it(generator) for generator in left) and noted.is_open
            await original(loop)

        return shutdown_asyncgens


GENERATORS = Generators()
