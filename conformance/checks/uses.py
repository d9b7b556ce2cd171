"""Uses of a transactional form, held at a gate in the middle, and what each came to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.checks.gates import Gate

if TYPE_CHECKING:
    from conformance.checks.stage import Stage


class Abandoned(Exception):
    """Raised inside a use so that it rolls back."""


@dataclass
class Use:
    """Posts to create, and whether it then fails; `error` is what it raised.

    `held` is how many posts it creates before it comes to its gate; None for no gate.
    """

    titles: tuple[str, ...]
    fails: bool
    begun: Gate = field(default_factory=Gate)
    halfway: Gate = field(default_factory=Gate)
    passed: Gate = field(default_factory=Gate)
    held: int | None = None
    error: BaseException | None = None

    def over(self) -> None:
        """It has ended: nobody waits any longer for what it will not reach, as where the form refused it."""
        self.left()
        for gate in self._gates:
            gate.open()

    def left(self) -> None:
        """Its caller has left it, and a thread may be at a gate still: nobody waits any longer for it to get there."""
        for gate in self._gates:
            gate.note()

    @property
    def _gates(self) -> tuple[Gate, ...]:
        return self.begun, self.halfway, self.passed


# Await it: the use ran in the form. `Absent` and refusals are raised.
Form = Callable[["Stage", Use], Awaitable[None]]


def function_form(run: Callable[[Callable[[], None]], Awaitable[None]]) -> Form:
    """A form that takes a synchronous function."""

    async def use(stage: Stage, use: Use) -> None:
        create = stage.adapter.sync(_manager(stage), "create")

        def function() -> None:
            use.begun.note()
            for number, title in enumerate(use.titles, start=1):
                create(title=title)
                if number == use.held:
                    use.halfway.hold()
            if use.fails:
                raise Abandoned

        await run(function)

    return use


def block_form(block: Callable[[], AbstractAsyncContextManager[None]]) -> Form:
    """A form that is an asynchronous context manager."""

    async def use(stage: Stage, use: Use) -> None:
        create = stage.adapter.asynchronous(_manager(stage), "create")
        async with block():
            use.begun.note()
            for number, title in enumerate(use.titles, start=1):
                await create(title=title)
                if number == use.held:
                    await use.halfway.ahold()
                    use.passed.note()
            if use.fails:
                raise Abandoned

    return use


async def attempt(form: Form, stage: Stage, use: Use) -> None:
    """Run the use to its end and keep what it raised; a cancellation is kept as well."""
    try:
        await form(stage, use)
    except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - judged by what is committed
        use.error = error
    finally:
        use.over()


def _manager(stage: Stage) -> Any:
    from sample_app.models import Post

    return stage.adapter.manager(Post)
