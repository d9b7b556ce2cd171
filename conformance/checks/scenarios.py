"""What transactional workarounds are put to: posts created in one, held at a gate in the middle, and the outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from conformance.checks.gates import Gate

if TYPE_CHECKING:
    from conformance.checks.observer import Snapshot
    from conformance.checks.stage import Stage
    from conformance.strategies import Rows


class Abandoned(Exception):
    """Raised inside of a transaction so that it rolls back."""


@dataclass
class Scenario:
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
        """It has ended: nobody waits any longer for what it will not reach, as where the workaround refused it."""
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


# Await it: the scenario ran in the workaround. `Absent` and refusals are raised.
Workaround = Callable[["Stage", Scenario], Awaitable[None]]


def function_workaround(run: Callable[[Callable[[], None]], Awaitable[None]]) -> Workaround:
    """A workaround that takes a synchronous function."""

    async def perform(stage: Stage, scenario: Scenario) -> None:
        create = stage.adapter.sync(_manager(stage), "create")

        def function() -> None:
            scenario.begun.note()
            if scenario.held == 0:
                scenario.halfway.hold()
            for number, title in enumerate(scenario.titles, start=1):
                create(title=title)
                if number == scenario.held:
                    scenario.halfway.hold()
            if scenario.fails:
                raise Abandoned

        await run(function)

    return perform


def block_workaround(block: Callable[[], AbstractAsyncContextManager[None]]) -> Workaround:
    """A workaround that is an asynchronous context manager."""

    async def perform(stage: Stage, scenario: Scenario) -> None:
        create = stage.adapter.asynchronous(_manager(stage), "create")
        async with block():
            scenario.begun.note()
            if scenario.held == 0:
                await scenario.halfway.ahold()
            for number, title in enumerate(scenario.titles, start=1):
                await create(title=title)
                if number == scenario.held:
                    await scenario.halfway.ahold()
                    scenario.passed.note()
            if scenario.fails:
                raise Abandoned

    return perform


async def attempt(workaround: Workaround, stage: Stage, scenario: Scenario) -> None:
    """Run the scenario to its end and keep what it raised; a cancellation is kept as well."""
    try:
        await workaround(stage, scenario)
    except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - judged by what is committed
        scenario.error = error
    finally:
        scenario.over()


def create_all(titles: tuple[str, ...]) -> None:
    """Create the posts by the synchronous ORM: what a whole use leaves."""
    from sample_app.models import Post

    for title in titles:
        Post.objects.create(title=title)


@lru_cache(maxsize=4096)
def whole_of(stage: Stage, rows: Rows, titles: tuple[str, ...]) -> tuple[Snapshot, Snapshot]:
    """What is committed before, and after whole uses that create these posts: kept, for many checks ask the same.

    It leaves the database as it then is.
    """
    stage.seed(rows)
    before = stage.committed()
    create_all(titles)
    return before, stage.committed()


def _manager(stage: Stage) -> Any:
    from sample_app.models import Post

    return stage.adapter.manager(Post)
