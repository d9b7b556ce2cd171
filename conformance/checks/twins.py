"""Oracles 1, 2 and 4 over an operation: its synchronous twin, the twin's SQL, and what an observer sees committed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.checks.outcomes import Refused, Silent, Wrong
from conformance.checks.parameters import plain_parameters
from conformance.checks.registry import register
from conformance.checks.stage import Stage, Trace

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


@dataclass(frozen=True)
class Sides:
    """The same operation on the same target, ready to be called in both ways."""

    sync: Callable[[], Any]
    asynchronous: Callable[[], Awaitable[Any]]


# Given the stage and a drawn example (which has `rows`), the two sides. It runs on the caller's thread after seeding,
# so it may fetch an instance through the synchronous ORM; nothing that it does is measured.
Prepare = Callable[[Stage, Any], Sides]


def operation(stage: Stage, target: Any, name: str, *args: Any, **kwargs: Any) -> Sides:
    """The two sides of a method (`name` is its synchronous name)."""
    adapter = stage.adapter
    return Sides(
        sync=lambda: adapter.sync(target, name)(*args, **kwargs),
        asynchronous=lambda: adapter.asynchronous(target, name)(*args, **kwargs),
    )


def register_twins(entry: str, examples: SearchStrategy[Any], prepare: Prepare) -> None:
    """Register the checks `result`, `sql` and `committed` of an operation; the catalogue names those that it wants."""
    register(entry, "result", examples)(lambda stage, example: _judge_result(stage, example, prepare))
    register(entry, "sql", examples)(lambda stage, example: _judge_sql(stage, example, prepare))
    register(entry, "committed", examples)(lambda stage, example: _judge_committed(stage, example, prepare))


def trace_both(stage: Stage, example: Any, prepare: Prepare) -> tuple[Trace, Trace]:
    """Seed and run the synchronous side, seed again and run the asynchronous one."""
    stage.seed(example.rows)
    sync = stage.trace_sync(prepare(stage, example).sync)
    stage.seed(example.rows)
    asynchronous = stage.trace_async(prepare(stage, example).asynchronous)
    return sync, asynchronous


def _judge_result(stage: Stage, example: Any, prepare: Prepare) -> None:
    sync, asynchronous = trace_both(stage, example, prepare)
    compare_results(sync, asynchronous)


def _judge_sql(stage: Stage, example: Any, prepare: Prepare) -> None:
    sync, asynchronous = trace_both(stage, example, prepare)
    refuse(asynchronous)
    compare_sql(sync, asynchronous)


def _judge_committed(stage: Stage, example: Any, prepare: Prepare) -> None:
    stage.seed(example.rows)
    before = stage.committed()
    stage.trace_sync(prepare(stage, example).sync)
    expected = stage.committed()
    stage.seed(example.rows)
    asynchronous = stage.trace_async(prepare(stage, example).asynchronous)
    observed = stage.committed()
    stage.evidence.changed += expected != before
    if observed != expected:
        raise Silent(
            "The database does not hold what the synchronous operation leaves there.",
            expected=expected,
            observed=observed,
            sql=asynchronous.sql,
        )
    refuse(asynchronous)


def compare_results(sync: Trace, asynchronous: Trace) -> None:
    """The same value of the same type, or the same type of exception."""
    refuse(asynchronous)
    if asynchronous.error is not None or sync.error is not None:
        _compare_errors(sync, asynchronous)
    elif type(asynchronous.value) is not type(sync.value):
        raise Wrong(
            "The result is of another type than the synchronous operation's.",
            expected=sync.value,
            observed=asynchronous.value,
            sql=asynchronous.sql,
        )
    elif asynchronous.value != sync.value:
        raise Silent(
            "The result differs from the synchronous operation's.",
            expected=sync.value,
            observed=asynchronous.value,
            sql=asynchronous.sql,
        )


def compare_sql(sync: Trace, asynchronous: Trace) -> None:
    """The same statements with the same parameters, in the same order."""
    expected = [(statement.normalised, plain_parameters(statement.params)) for statement in sync.statements]
    observed = [(statement.normalised, plain_parameters(statement.params)) for statement in asynchronous.statements]
    if observed != expected:
        raise Wrong(
            "The statements differ from the synchronous operation's.",
            expected=expected,
            observed=observed,
            sql=asynchronous.sql,
        )


def refuse(asynchronous: Trace) -> None:
    """A documented refusal before any statement is not a failure: it is loud."""
    from django.core.exceptions import SynchronousOnlyOperation

    if isinstance(asynchronous.error, SynchronousOnlyOperation) and not asynchronous.statements:
        raise Refused(f"{type(asynchronous.error).__qualname__}: {asynchronous.error}")


def _compare_errors(sync: Trace, asynchronous: Trace) -> None:
    if type(asynchronous.error) is type(sync.error):
        return
    expected = repr(sync.error) if sync.error else sync.value
    if asynchronous.error is None:
        raise Silent(
            "The synchronous operation raises, the asynchronous one does not.",
            expected=expected,
            observed=asynchronous.value,
            sql=asynchronous.sql,
        )
    raise Wrong(
        "The asynchronous operation raises another exception than the synchronous one.",
        expected=expected,
        observed=repr(asynchronous.error),
        sql=asynchronous.sql,
    ) from asynchronous.error
