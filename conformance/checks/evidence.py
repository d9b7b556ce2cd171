"""What the instruments saw while a check ran. A pass without the evidence that its entry names is vacuous."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from conformance.checks.recorder import Statement
from conformance.observations import Pair


class Evidence:
    """Counts over all examples of one check, filled by the instruments, never by a check's own code.

    Every figure is the same for the same seed: whatever depends on timing is kept as yes or no.
    """

    def __init__(self) -> None:
        self.examples = 0
        self.statements = 0
        self.changed = 0
        self.refusals = 0
        self.exceptions: dict[str, int] = {}
        self.overlap = False
        self.modelled = 0
        self.overridden = 0
        self.cancellations = 0
        self.declared = False
        self.finished_after_cancel = 0
        self._hops = 0
        self._results: set[str] = set()
        self._threads: set[str] = set()
        self._connections = 0

    def saw_statements(self, statements: list[Statement], caller: int) -> None:
        """Statements of the asynchronous side; `caller` is the thread that the check itself runs on."""
        self.statements += len(statements)
        self._threads.update(_role(statement, caller) for statement in statements)
        self._connections = max(self._connections, len({statement.connection for statement in statements}))
        self.overlap = self.overlap or _overlap(statements)

    def saw_result(self, value: Any) -> None:
        """Note what an operation returned, as text."""
        self._results.add(repr(value))

    def saw_exception(self, error: BaseException) -> None:
        """Note the type of what an operation raised."""
        name = type(error).__qualname__
        self.exceptions[name] = self.exceptions.get(name, 0) + 1

    def saw_pair(self, pair: Pair) -> None:
        """Note what the two sides of an example show."""
        found = pair.asynchronous
        self.saw_result(found.value)
        if found.error is not None:
            name = found.error.type.rpartition(".")[2]
            self.exceptions[name] = self.exceptions.get(name, 0) + 1
        self.modelled += bool(pair.model)
        self.overridden += bool(pair.sync.overridden)
        self.cancellations += pair.cancelled is not None
        self.declared = self.declared or pair.declared is not None
        self.finished_after_cancel += pair.cancelled is not None and pair.cancelled.later != pair.before
        self._hops = max(self._hops, found.hops)

    def missing(self, names: tuple[str, ...]) -> list[str]:
        """Those of the names for which nothing was seen."""
        seen = self.as_dict()
        return [name for name in names if not seen.get(name)]

    def as_dict(self) -> dict[str, Any]:
        """For the result file; `varied_results` is False where every example gave the same."""
        return {
            "statements": self.statements,
            "threads": sorted(self._threads),
            "connections_in_one_example": self._connections,
            "overlap": self.overlap,
            "varied_results": len(self._results) > 1,
            "changed_rows": self.changed,
            "refusals": self.refusals,
            "exceptions": dict(sorted(self.exceptions.items())),
            "modelled": self.modelled,
            "overridden": self.overridden,
            "cancellations": self.cancellations,
            "declared": self.declared,
            "finished_after_cancel": self.finished_after_cancel,
            "hops": self._hops,
        }


def _role(statement: Statement, caller: int) -> str:
    if statement.on_event_loop:
        return "event loop"
    return "caller" if statement.thread == caller else "executor"


def _overlap(statements: list[Statement]) -> bool:
    """Whether two statements were under way at one time."""
    ordered = sorted(statements, key=lambda statement: statement.started)
    return any(later.started < earlier.ended for earlier, later in pairwise(ordered))
