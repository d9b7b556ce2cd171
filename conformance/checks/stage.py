"""Where a check plays: the database with its seeded rows, the adapter, the instruments, the way coroutines are run."""

from __future__ import annotations

import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from conformance.checks.adapter import Adapter
from conformance.checks.batches import Sent
from conformance.checks.evidence import Evidence
from conformance.checks.model_features_seed import feature_sentinels
from conformance.checks.observer import Observer, Snapshot
from conformance.checks.plain import plain
from conformance.checks.recorder import Recorder, Statement
from conformance.checks.seed import KNOWN_KEYS, seeded_models, seeded_rows, sentinel_rows

if TYPE_CHECKING:
    from conformance.strategies import Rows

# Seconds in which a server notices that a client is gone, and between two looks.
_PATIENCE, _PAUSE = 2.0, 0.01
T = TypeVar("T")
RunCoroutine = Callable[[Coroutine[Any, Any, Any]], Any]


@dataclass(frozen=True)
class Trace:
    """One side of a twin: what it gave or raised (as plain values), and the statements that it sent."""

    value: Any
    error: BaseException | None
    statements: tuple[Statement, ...]

    @property
    def sql(self) -> list[str]:
        """The statements' texts, normalised, in the order in which they were sent."""
        return [statement.normalised for statement in self.statements]


class Stage:
    """One for each process; `evidence` is exchanged for each check.

    `run_coroutine` takes a coroutine and gives its result: that is the environment's axis "how a coroutine is run".
    """

    def __init__(self, adapter: Adapter, run_coroutine: RunCoroutine, alias: str = "default") -> None:
        self.adapter = adapter
        self.alias = alias
        self.recorder = Recorder()
        self.evidence = Evidence()
        self._run = run_coroutine
        self._observer = Observer(alias, seeded_models())
        self._observer.replace_rows(sentinel_rows(), tuple(feature_sentinels()))
        self._observer.continue_sequences()
        self.recorder.install()
        # What the database holds, where nothing was written since it was seeded.
        self._held: Rows | None = None
        # What was seeded last, with its statements: most rows are seeded once for each side.
        self._seeded: tuple[Rows, list[Sent]] | None = None

    def seed(self, rows: Rows) -> None:
        """Make the database hold just these rows, committed."""
        if self._seeded is None or self._seeded[0] is not rows:
            self._seeded = rows, self._observer.insertions(seeded_rows(rows))
        self._observer.replace_by(self._seeded[1], tuple(rows.more()))
        self._held = None

    def seed_for(self, rows: Rows) -> None:
        """The same, for a caller that says when it has soiled the database: what is there already is left."""
        if self._held is None or self._held != rows:
            self.seed(rows)
            self._held = rows

    def soiled(self) -> None:
        """Something was written."""
        self._held = None

    def committed(self) -> Snapshot:
        """What an independent connection sees."""
        return self._observer.snapshot(KNOWN_KEYS)

    def committed_of(self, rows: Iterable[tuple[type[Any], list[dict[str, Any]]]]) -> Snapshot:
        """What an independent connection sees of these rows, which stand in the database then."""
        known = set(seeded_models())
        tables = tuple(rows)
        self._observer.replace_rows(
            [table for table in tables if table[0] in known], [table for table in tables if table[0] not in known]
        )
        self.soiled()
        return self.committed()

    def run(self, function: Callable[[], Awaitable[T]]) -> T:
        """Run a coroutine function to its end, in the way of this environment."""

        async def main() -> T:
            return await function()

        result: T = self._run(main())
        return result

    def trace_sync(self, function: Callable[[], Any]) -> Trace:
        """Run the synchronous side on this thread."""
        return self._trace(function)

    def trace_async(self, function: Callable[[], Awaitable[Any]]) -> Trace:
        """Run the asynchronous side; what the instruments see becomes evidence."""
        return self.trace_call(lambda: self.run(function))

    def trace_call(self, function: Callable[[], Any]) -> Trace:
        """The same, for what runs its coroutines itself."""
        trace = self._trace(function)
        self.evidence.saw_statements(list(trace.statements), threading.get_ident())
        self.evidence.saw_result(trace.value)
        if trace.error is not None:
            self.evidence.saw_exception(trace.error)
        return trace

    def sessions(self) -> int:
        """How many connections to the database are open besides the observer's, by what the other side says."""
        return self._observer.sessions()

    def sessions_settled(self, most: int) -> int:
        """The same once it is `most`, or after a moment: a session ends after its client, and nobody is told.

        The file of an embedded database is closed when its client closes it.
        """
        deadline = time.monotonic() + (0 if self._observer.is_embedded else _PATIENCE)
        while (found := self.sessions()) > most and time.monotonic() < deadline:
            time.sleep(_PAUSE)
        return found

    def close(self) -> None:
        """Close what the stage has opened for itself."""
        self._observer.close()

    def _trace(self, function: Callable[[], Any]) -> Trace:
        from conformance.checks.outcomes import Absent

        value, error = None, None
        with self.recorder.recording() as statements:
            try:
                value = function()
            except Absent:
                raise
            except Exception as caught:  # noqa: BLE001 - what the code under test raises is what is compared
                error = caught
        return Trace(plain(value, KNOWN_KEYS), error, tuple(statements))
