"""Django's tasks: enqueued, called, and their results, on the two backends that Django has."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.journal import Journal
from conformance.checks.outcomes import Absent
from conformance.checks.registry import register_experiment
from conformance.checks.sites import VISIT
from conformance.checks.stage import Stage
from conformance.checks.twins import operation
from conformance.strategies import NUMBERED_POSTS, Rows

_BACKENDS = "django.tasks.backends."
SETTINGS = {
    "default": {"BACKEND": f"{_BACKENDS}immediate.ImmediateBackend", "QUEUES": ["default", "slow"]},
    "dummy": {"BACKEND": f"{_BACKENDS}dummy.DummyBackend", "QUEUES": ["default", "slow"]},
}


@dataclass(frozen=True)
class Job:
    """A task by its function's name, what it is given, where it is enqueued, and with which options."""

    name: str
    args: tuple[Any, ...]
    kwargs: tuple[tuple[str, Any], ...] = ()
    backend: str = "default"
    options: tuple[tuple[str, Any], ...] = ()
    # Whose result is asked for: its own, another task's, or one that there is not.
    whose: str = "own"
    rows: Rows = NUMBERED_POSTS


def adds(number: int, more: int = 0) -> int:
    """A synchronous task."""
    VISIT.journal.sync("adds", number, more)
    return number + more


async def aadds(number: int, more: int = 0) -> int:
    """An asynchronous task."""
    VISIT.journal.coroutine("aadds", number, more)
    await asyncio.sleep(0)
    return number + more


def fails(number: int, more: int = 0) -> None:
    """A task that raises."""
    VISIT.journal.sync("fails")
    raise ValueError(f"{number} and {more}")


async def afails(number: int, more: int = 0) -> None:
    """The same, asynchronous."""
    raise ValueError(f"{number} and {more}")


def counts(number: int, more: int = 0) -> list[int]:
    """A task that asks the database."""
    from sample_app.models import Post

    VISIT.journal.sync("counts")
    return [number, more, Post.objects.filter(views__gte=number).count()]


def gives_no_json(number: int, more: int = 0) -> set[int]:  # noqa: ARG001 - every task takes the same
    """A task whose result cannot be kept."""
    return {1, 2}


def tells(context: Any, number: int, more: int = 0) -> list[Any]:
    """A task that is told of itself."""
    return [number, more, context.attempt, context.task_result.status]


_FUNCTIONS: dict[str, Any] = {
    function.__name__: function for function in (adds, aadds, fails, afails, counts, gives_no_json, tells)
}


def _task(name: str) -> Any:
    """The function as a task, under its own name in this module: so Django finds it again.

    Raises `Absent` where Django has no tasks.
    """
    try:
        from django.tasks import task
    except ImportError as error:
        raise Absent("there is no django.tasks") from error
    if callable(globals()[name]):
        told: dict[str, Any] = {"takes_context": True} if name == "tells" else {}
        globals()[name] = task(_FUNCTIONS[name], **told)
    return globals()[name]


@contextmanager
def surroundings(_: Job) -> Iterator[None]:
    """Both backends, new for each example."""
    from django.test import override_settings

    with override_settings(TASKS=SETTINGS):
        yield


@contextmanager
def _noting(journal: Journal, example: Job) -> Iterator[None]:
    """The signals of tasks, in order, with their results."""
    from django.tasks import signals

    def receiver(name: str) -> Callable[..., None]:
        def receive(sender: Any, task_result: Any, **_: Any) -> None:
            journal.sync(name, sender.__name__, str(task_result.status), task_result.task.name)

        return receive

    receivers = {name: receiver(name) for name in ("task_enqueued", "task_started", "task_finished")}
    try:
        for name, each in receivers.items():
            getattr(signals, name).connect(each)
        with VISIT.to(example, journal), journal.logging("django.tasks"):
            yield
    finally:
        for name, each in receivers.items():
            getattr(signals, name).disconnect(each)


def _shown(result: Any) -> dict[str, Any]:
    """Whatever is the same in every run."""
    finished = result.is_finished
    return {
        "task": (result.task.name, result.task.priority, result.task.queue_name, result.task.backend),
        "given": (result.args, result.kwargs),
        "status": str(result.status),
        "value": result.return_value if str(result.status) == "SUCCESSFUL" else None,
        "errors": [error.exception_class_path for error in result.errors],
        "tried": (result.attempts, result.enqueued_at is not None, result.started_at is not None),
        "finished": (finished, result.finished_at is not None),
    }


def chosen(example: Job) -> Any:
    """The task of an example, with its options."""
    return _task(example.name).using(backend=example.backend, **dict(example.options))


def _sides(stage: Stage, example: Job, target: Any, name: str, args: Any, kwargs: Any, shown: Any) -> Sides:
    journal = Journal(stage.recorder)
    twin = operation(stage, target, name, *args, **kwargs)

    def sync() -> Any:
        with _noting(journal, example):
            return shown(twin.sync())

    async def asynchronous() -> Any:
        with _noting(journal, example):
            return shown(await twin.asynchronous())

    return Sides(sync, asynchronous, held=(journal.state,), declared=twin.declared)


def _enqueue(stage: Stage, example: Job) -> Sides:
    return _sides(stage, example, chosen(example), "enqueue", example.args, dict(example.kwargs), _shown)


def _call(stage: Stage, example: Job) -> Sides:
    return _sides(stage, example, chosen(example), "call", example.args, dict(example.kwargs), lambda value: value)


def _backend(example: Job) -> Any:
    return chosen(example).get_backend()


def _backend_enqueue(stage: Stage, example: Job) -> Sides:
    given = {"task": chosen(example), "args": list(example.args), "kwargs": dict(example.kwargs)}
    return _sides(stage, example, _backend(example), "enqueue", (), given, _shown)


def _enqueued(stage: Stage, example: Job) -> tuple[Any, str]:
    """A task that was enqueued before, and the key of the result that is asked for."""
    task = chosen(example)
    with VISIT.to(example, Journal(stage.recorder)):
        key = task.enqueue(*example.args, **dict(example.kwargs)).id
    other = _task("fails").using(backend=example.backend) if example.whose == "other" else task
    return other, "none" if example.whose == "none" else key


def _get_result(stage: Stage, example: Job) -> Sides:
    task, key = _enqueued(stage, example)
    return _sides(stage, example, task, "get_result", (key,), {}, _shown)


def _backend_get_result(stage: Stage, example: Job) -> Sides:
    task, key = _enqueued(stage, example)
    return _sides(stage, example, task.get_backend(), "get_result", (key,), {}, _shown)


def _refresh(stage: Stage, example: Job) -> Sides:
    """The stored result goes on; the one that the caller has is refreshed."""
    task = chosen(example)
    from django.tasks import TaskResultStatus

    with VISIT.to(example, Journal(stage.recorder)):
        result = task.enqueue(*example.args, **dict(example.kwargs))
    for stored in getattr(result.task.get_backend(), "results", []):
        object.__setattr__(stored, "status", TaskResultStatus.SUCCESSFUL)
        object.__setattr__(stored, "_return_value", example.args[0])
        stored.worker_ids.append("a worker")
    return _sides(stage, example, result, "refresh", (), {}, lambda value: (value, _shown(result)))


def _source(call: str) -> Callable[[Job], tuple[str, str]]:
    def source(example: Job) -> tuple[str, str]:
        given = ", ".join([*map(repr, example.args), *(f"{name}={value!r}" for name, value in example.kwargs)])
        using = "".join(f", {name}={value!r}" for name, value in example.options)
        task = f"{example.name}.using(backend={example.backend!r}{using})"
        line = call.format(task=task, given=given, whose=example.whose)
        return line.replace("await ", "").replace(".a", "."), line

    return source


_ARGUMENTS = st.sampled_from([(1,), (2, 3), (-1,), ((1, 2),)])
_KEYWORDS = st.sampled_from([(), (), (("more", 5),), (("unknown", 1),), (("more", {1}),)])
_OPTIONS = st.sampled_from([(), (("priority", 7),), (("queue_name", "slow"),)])
_BACKEND = st.sampled_from(["default", "dummy"])
_NAMES = st.sampled_from(list(_FUNCTIONS))
_PLAIN = st.sampled_from([name for name in _FUNCTIONS if name != "tells"])
_WHOSE = st.sampled_from(["own", "own", "other", "none"])
for _entry, _prepare, _examples, _call_source in (
    (
        "immediate.aenqueue",
        _enqueue,
        st.builds(Job, _NAMES, _ARGUMENTS, _KEYWORDS, options=_OPTIONS),
        "await {task}.aenqueue({given})",
    ),
    (
        "dummy.aenqueue",
        _enqueue,
        st.builds(Job, _NAMES, _ARGUMENTS, _KEYWORDS, st.just("dummy"), _OPTIONS),
        "await {task}.aenqueue({given})",
    ),
    ("acall", _call, st.builds(Job, _PLAIN, _ARGUMENTS, _KEYWORDS), "await {task}.acall({given})"),
    (
        "aget_result",
        _get_result,
        st.builds(Job, _NAMES, _ARGUMENTS, st.just(()), _BACKEND, whose=_WHOSE),
        "await {task}.aget_result(...)  # {whose}",
    ),
    (
        "backend.aenqueue",
        _backend_enqueue,
        st.builds(Job, _NAMES, _ARGUMENTS, _KEYWORDS, _BACKEND),
        "await {task}.get_backend().aenqueue(...)  # {given}",
    ),
    (
        "backend.aget_result",
        _backend_get_result,
        st.builds(Job, _NAMES, _ARGUMENTS, st.just(()), _BACKEND, whose=_WHOSE),
        "await {task}.get_backend().aget_result(...)  # {whose}",
    ),
    ("result.arefresh", _refresh, st.builds(Job, _NAMES, _ARGUMENTS, st.just(()), _BACKEND), "await result.arefresh()"),
):
    register_experiment(f"tasks.{_entry}", _examples, _prepare, _source(_call_source), surroundings=surroundings)
