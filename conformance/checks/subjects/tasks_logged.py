"""What is logged of a task: only of one that raises is a traceback shown."""

from __future__ import annotations

import logging
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.journal import Journal
from conformance.checks.programs import simple
from conformance.checks.registry import register_experiment
from conformance.checks.sites import VISIT
from conformance.checks.stage import Stage
from conformance.checks.subjects.tasks import Job, chosen, surroundings


class _Tracebacks(logging.Handler):
    """Notes for each record whether it would be printed with a traceback, and of what."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self.shown.append(str(getattr(record.exc_info[0], "__name__", "no exception")))


def _logged(stage: Stage, example: Job) -> Sides:
    journal = Journal(stage.recorder)
    task = chosen(example)

    def watched() -> tuple[_Tracebacks, logging.Logger, tuple[bool, int]]:
        handler, logger = _Tracebacks(), logging.getLogger("django.tasks")
        before = logger.propagate, logger.level
        logger.addHandler(handler)
        logger.propagate = False
        logger.setLevel(logging.DEBUG)
        return handler, logger, before

    def restored(handler: logging.Handler, logger: logging.Logger, before: tuple[bool, int]) -> None:
        logger.removeHandler(handler)
        logger.propagate = before[0]
        logger.setLevel(before[1])

    async def asynchronous() -> Any:
        handler, logger, before = watched()
        try:
            with VISIT.to(example, journal):
                await task.aenqueue(*example.args)
        finally:
            restored(handler, logger, before)
        return handler.shown

    expected = ["ValueError"] if "fails" in example.name else []
    return Sides(lambda: expected, asynchronous, model=(expected,))


_PROGRAM = """\
import logging
from django.tasks import task
@task()
def {name}(number):
    {does}
shown = []
class Handler(logging.Handler):
    def emit(self, record):
        if record.exc_info: shown.append(record.exc_info[0])
logging.getLogger("django.tasks").addHandler(Handler())
logging.getLogger("django.tasks").setLevel("DEBUG")
asyncio.run({name}.aenqueue(1))
print("expected tracebacks:", {expected})
print("observed tracebacks:", shown)
"""


def _program(title: str, example: Job) -> str:
    fails = "fails" in example.name
    does, expected = ("raise ValueError", "[ValueError]") if fails else ("return number", "[]")
    backend = {"default": {"BACKEND": "django.tasks.backends.immediate.ImmediateBackend"}}
    return simple(title, _PROGRAM.format(name=example.name, does=does, expected=expected), TASKS=backend)


register_experiment(
    "tasks.logged",
    st.sampled_from(["adds", "aadds", "fails", "afails"]).map(lambda name: Job(name, (1,))),
    _logged,
    lambda example: (f"{example.name}.enqueue(1)", f"await {example.name}.aenqueue(1)"),
    surroundings=surroundings,
    program=_program,
)
