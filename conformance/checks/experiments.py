"""An experiment: what is drawn, and the two sides that are run once for all judges."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from conformance.checks.stage import Stage
    from conformance.observations import Declaration

_T = TypeVar("_T")
# Given a method's name, a block in which a subclass overrides it; it gives a function that counts the calls.
Overriding = Callable[[], AbstractContextManager[Callable[[], int]]]


@dataclass(frozen=True)
class Sides:
    """The same operation on the same target, ready to be called in both ways.

    `held` are objects that the caller still has afterwards: instances, querysets, or functions that give a state.
    `declared` are the declarations of both callables. `model` is what a reference model says of the value, as a tuple
    of one, or empty. `overriding` is how a subclass overrides the synchronous method of the target.
    """

    sync: Callable[[], Any]
    asynchronous: Callable[[], Awaitable[Any]]
    held: tuple[Any, ...] = ()
    declared: tuple[Declaration, Declaration] | None = None
    model: tuple[Any, ...] = ()
    overriding: Overriding | None = None
    # The rows that are left when the call is over, by what a reference model says, in the form of `checks.seed`.
    leaves: Callable[[], Iterable[tuple[type[Any], list[dict[str, Any]]]]] | None = None
    # The only columns that an UPDATE may set, by what a reference model says.
    columns: frozenset[str] | None = None
    # The only alias that statements may be sent to, by what a reference model says; empty where it says nothing.
    alias: str = ""


# Given the stage and a drawn example (which has `rows`), the two sides. It runs on the caller's thread after seeding,
# so it may fetch an instance through the synchronous ORM; nothing that it does is measured.
Prepare = Callable[["Stage", Any], Sides]
# The Python that a user would write, of the synchronous side and of the asynchronous one.
Source = Callable[[Any], tuple[str, str]]


@dataclass(frozen=True)
class Experiment:
    """`source` prints an example as the Python that it stands for; without one, its `repr` has to do.

    `surroundings` gives a block for the whole of an example, as settings need. `vary` puts into the example of
    that number what takes its turn instead of being drawn: of few examples that are drawn, many forms would be missing.
    """

    examples: SearchStrategy[Any]
    prepare: Prepare
    source: Source | None = None
    surroundings: Callable[[Any], AbstractContextManager[object]] = lambda _: nullcontext()
    vary: Callable[[Any, int], Any] = lambda example, _: example
    # Whether each example is one of a subclass that overrides, not only those whose turn it is.
    overridden: bool = False
    # Given a title and an example, a program without the suite that shows it; empty where there can be none.
    program: Callable[[str, Any], str] | None = None


@dataclass(frozen=True)
class Conditions:
    """What is varied beside the example: receivers of signals, a subclass that overrides, a cancellation."""

    listening: bool = False
    overridden: bool = False
    cancelled: bool = False


# In turn, not drawn: of few examples that are drawn some would never be cancelled. A cancelled call costs a third run,
# so it is rare.
CONDITIONS = (
    Conditions(),
    Conditions(listening=True),
    Conditions(overridden=True),
    Conditions(listening=True, overridden=True),
    Conditions(),
    Conditions(listening=True),
    Conditions(),
    Conditions(cancelled=True),
)


def in_turn(values: Sequence[_T], turn: int) -> _T:
    """Each of the values in turn; where all have begun again, the next, so that it meets other conditions."""
    return values[(turn + turn // len(values)) % len(values)]


class Turns:
    """The number of one example after the other, from which follow its conditions and what varies in it."""

    def __init__(self) -> None:
        self._number = -1
        self._kept = False
        # A cancellation that found no statement to cancel: the next example has it as well. One is owed from the start,
        # since of some operations few examples send a statement.
        self._owed = True
        self._conditions = CONDITIONS[0]

    def next(self, experiment: Experiment, drawn: Any) -> tuple[Any, Conditions]:
        """The next example, varied, and its conditions."""
        if not self._kept:
            self._number += 1
            conditions = CONDITIONS[self._number % len(CONDITIONS)]
            self._conditions = replace(conditions, cancelled=conditions.cancelled or self._owed)
        return experiment.vary(drawn, self._number), self._conditions

    def cancelled(self, seen: bool) -> None:
        """Say whether the example that had the last conditions was cancelled."""
        self._owed = self._conditions.cancelled and not seen

    def keep(self) -> None:
        """The same from now on: the example is made smaller under the conditions under which it was found."""
        self._kept = True
