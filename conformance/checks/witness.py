"""Runs an experiment's two sides once, and says what was seen: it judges nothing."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from conformance.checks.experiments import Conditions, Experiment, Sides
from conformance.checks.instruments import PROBE, LeftoverWatch, LoopWatch, SignalWatch, caches_of, loop_watch, state_of
from conformance.checks.instruments.garbage import collect_garbage, forget_garbage, garbage_found
from conformance.checks.instruments.leftovers import Left
from conformance.checks.journal import SENSITIVE
from conformance.checks.outcomes import Absent
from conformance.checks.parameters import plain_parameters
from conformance.checks.plain import plain
from conformance.checks.raised import raised_of
from conformance.checks.recorder import CONNECTING, Statement
from conformance.checks.seed import KNOWN_KEYS
from conformance.checks.stage import Stage
from conformance.observations import Cancellation, Observation, Pair, Raised, Sent, SignalSent

_READS = ("SELECT", "EXPLAIN", "SAVEPOINT", "RELEASE", "BEGIN", "SET", "SHOW", "PRAGMA", "VALUES", "(SELECT", "WITH")


@dataclass
class _Side:
    """What is collected while one side runs."""

    value: Any = None
    error: Raised | None = None
    # How many statements were sent when the call was over: what is sent then, to look at what it left, is not its own.
    sent: int = 0
    context: int | None = None
    hops: list[None] = field(default_factory=list)
    blocking: list[str] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    signals: list[SignalSent] = field(default_factory=list)
    left: Left = field(default_factory=Left)
    overridden: int | None = None

    @property
    def wrote(self) -> bool:
        """Whether a statement was sent that may have written."""
        return any(not statement.sql.lstrip().startswith(_READS) for statement in self.statements)


class Witness:
    """One for each stage."""

    def __init__(self, stage: Stage) -> None:
        self.stage = self._stage = stage
        self._loop_watch = LoopWatch()
        self._signal_watch = SignalWatch(KNOWN_KEYS)
        self._leftover_watch = LeftoverWatch()
        self._sensitive = 0

    def warm_up(self) -> None:
        """Open the connections that stay: this thread's, and the one of the thread for thread-sensitive code."""
        from asgiref.sync import sync_to_async
        from django.apps import apps
        from django.contrib.contenttypes.models import ContentType
        from django.db import connection

        # Django keeps the content types of a process: the first side would ask for them, and the second would not.
        ContentType.objects.get_for_models(*apps.get_models())

        def connected() -> int:
            connection.ensure_connection()
            return threading.get_ident()

        self._sensitive = self._stage.run(lambda: sync_to_async(connected)())
        SENSITIVE.add(self._sensitive)

    def pair(self, experiment: Experiment, example: Any, conditions: Conditions) -> Pair:
        """Seed and run the synchronous side, then the asynchronous one. Raises `Absent` where there is none."""
        conditions = replace(conditions, overridden=conditions.overridden or experiment.overridden)
        with experiment.surroundings(example):
            self._stage.seed_for(example.rows)
            sync, asynchronous, sides = self._both(experiment, example, conditions)
            before = cancelled = None
            if conditions.cancelled and asynchronous.statements:
                before, cancelled = self._cancelled(experiment, example)
            left = None
            # Where a transaction is left open, what is written to compare with would wait for it.
            closed = not asynchronous.leftovers.in_transaction
            if sides.leaves is not None and asynchronous.committed is not None and closed:
                left = self._stage.committed_of(sides.leaves())
        pair = Pair(
            sync, asynchronous, before, sides.model, sides.declared, cancelled, left, sides.columns, sides.alias
        )
        self._stage.evidence.saw_pair(pair)
        return pair

    def _both(
        self, experiment: Experiment, example: Any, conditions: Conditions
    ) -> tuple[Observation, Observation, Sides]:
        stage = self._stage
        sides = experiment.prepare(stage, example)
        sync = self._run_sync(sides, conditions)
        first, wrote = self._observation(sync, sides), sync.wrote
        if wrote:
            first = replace(first, committed=stage.committed())
            stage.seed(example.rows)
            stage.evidence.changed = stage.evidence.changed or int(stage.committed() != first.committed)
        sides = experiment.prepare(stage, example)
        asynchronous = self._run_async(sides, conditions)
        second = self._observation(asynchronous, sides)
        stage.evidence.saw_statements(asynchronous.statements, threading.get_ident())
        if wrote or asynchronous.wrote:
            second = replace(second, committed=stage.committed())
            stage.soiled()
            if not wrote:
                stage.seed(example.rows)
                first = replace(first, committed=stage.committed())
        return first, second, sides

    def _run_sync(self, sides: Sides, conditions: Conditions) -> _Side:
        side = _Side()

        def call() -> None:
            PROBE.set(0)
            side.value = sides.sync()

        def main() -> None:
            try:
                call()
            except Exception as caught:  # noqa: BLE001 - what the code under test raises is what is compared
                side.error = raised_of(caught)
            side.context = PROBE.get()
            side.sent = self._stage.recorder.count()

        with self._watching(side, sides, conditions):
            contextvars.copy_context().run(main)
        if side.error is not None:
            side.error = replace(side.error, usable=_answers())
        return side

    def _run_async(self, sides: Sides, conditions: Conditions) -> _Side:
        side = _Side()

        async def main() -> None:
            side.left.loop_begins()
            PROBE.set(0)
            with self._loop_watch.watching(side.blocking, side.hops):
                try:
                    side.value = await sides.asynchronous()
                except Absent:
                    raise
                except (Exception, asyncio.CancelledError) as caught:  # noqa: BLE001 - as above
                    side.error = raised_of(caught)
            side.context = PROBE.get()
            PROBE.set(None)
            side.sent = self._stage.recorder.count()
            side.left.loop_ends()
            if side.error is not None:
                side.error = replace(side.error, usable=await _aanswers())

        with self._watching(side, sides, conditions), self._each_statement(self._loop_watch.turns):
            self._stage.run(main)
        return side

    @contextmanager
    def _watching(self, side: _Side, sides: Sides, conditions: Conditions) -> Iterator[None]:
        overriding: AbstractContextManager[Callable[[], int] | None] = nullcontext()
        if conditions.overridden and sides.overriding is not None:
            overriding = sides.overriding()
        # What the collector finds during the call must be the call's own, and it must find it now: not by chance.
        forget_garbage()
        with (
            self._leftover_watch.watching() as side.left,
            self._signal_watch.listening(conditions.listening) as side.signals,
            overriding as calls,
            self._stage.recorder.recording() as side.statements,
            garbage_found(),
        ):
            yield
        # Whether a call finds a connection is for the judge of leftovers.
        side.statements[:] = [sent for sent in side.statements[: side.sent] if not sent.sql.startswith(CONNECTING)]
        side.overridden = None if calls is None else calls()

    @contextmanager
    def _each_statement(self, function: Callable[[], None]) -> Iterator[None]:
        recorder = self._stage.recorder
        recorder.before = function
        try:
            yield
        finally:
            recorder.before = None

    def _observation(self, side: _Side, sides: Sides) -> Observation:
        statements = tuple(map(self._sent, side.statements))
        on_loop = [f"a statement: {sent.sql}" for sent in statements if sent.thread == "event loop"]
        held = tuple(state_of(each, KNOWN_KEYS) for each in sides.held)
        return Observation(
            value=plain(side.value, KNOWN_KEYS),
            type=f"{type(side.value).__module__}.{type(side.value).__qualname__}",
            error=side.error,
            statements=statements,
            signals=tuple(side.signals),
            state=(held, caches_of(side.value, KNOWN_KEYS)),
            context=side.context,
            hops=len(side.hops),
            blocking=tuple(on_loop or side.blocking),
            leftovers=self._leftover_watch.leftovers(side.left),
            overridden=side.overridden,
        )

    def _sent(self, statement: Statement) -> Sent:
        return Sent(
            sql=statement.normalised,
            params=plain_parameters(statement.params),
            alias=statement.alias,
            many=statement.many,
            in_atomic_block=statement.in_atomic_block,
            thread=self._role(statement),
            context=statement.context,
            chunk=next(iter(statement.chunks or ()), None),
            failed=statement.failed,
        )

    def _role(self, statement: Statement) -> str:
        if statement.on_event_loop:
            return "event loop"
        if statement.thread == self._sensitive:
            return "sensitive"
        return "caller" if statement.thread == threading.get_ident() else "other"

    def _cancelled(self, experiment: Experiment, example: Any) -> tuple[Any, Cancellation]:
        """The asynchronous side once more, cancelled while its first statement runs."""
        stage = self._stage
        stage.seed(example.rows)
        before, busy = stage.committed(), self._leftover_watch.busy()
        sides = experiment.prepare(stage, example)
        seen: dict[str, Any] = {}
        # A coroutine that is cancelled before it began would be no test: it begins, and is cancelled on its way.

        async def main() -> None:
            task = asyncio.ensure_future(sides.asynchronous())
            loop = asyncio.get_running_loop()

            def cancel() -> None:
                stage.recorder.before = None
                asked = threading.Event()
                loop.call_soon_threadsafe(task.cancel)
                loop.call_soon_threadsafe(asked.set)
                if threading.get_ident() != loop_thread:
                    # Not for ever: a loop that waits for this thread cannot be asked.
                    asked.wait(loop_watch.PATIENCE)

            loop_thread = threading.get_ident()
            stage.recorder.before = cancel
            try:
                await task
                seen["raised"] = "nothing was raised"
            except (Exception, asyncio.CancelledError) as caught:  # noqa: BLE001 - as above
                seen["raised"] = type(caught).__qualname__
            finally:
                stage.recorder.before = None
            # What the thread for thread-sensitive code still does comes before this.
            seen["usable"] = await _aanswers()

        with suppress(asyncio.CancelledError):
            stage.run(main)
        stage.soiled()
        later, in_transaction = stage.committed(), self._leftover_watch.in_transaction(busy)
        # Until 3.11 Python's futures kept the error of a cancellation, and so the frames that were left and a cursor:
        # while it is open, SQLite lets no other connection commit.
        collect_garbage()
        return before, Cancellation(later=later, in_transaction=in_transaction, **seen)


def _answers() -> bool:
    from django.db import connection

    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return bool(cursor.fetchone() == (1,))
    except Exception:  # noqa: BLE001 - whatever it raises, it does not answer
        return False


async def _aanswers() -> bool:
    from asgiref.sync import sync_to_async

    try:
        return await sync_to_async(_answers)()
    except RuntimeError:
        # A call that failed can leave old releases of asgiref unable to make another in its context.
        return False
