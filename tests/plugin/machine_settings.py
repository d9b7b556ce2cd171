"""What actors do with the settings of their sessions: to each its own, as its transactions and savepoints leave it."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from machine import SerialTransactions
from machine_actors import Actor, enter, fail_again, leave
from session_scenes import get, put, run

from sample_app.models import Tag

NUMBERS = SerialTransactions.numbers_of_actors
VALUES = st.integers(1, 9)


def is_quiet(machine: SerialTransactions) -> bool:
    """Whether no actor is in a transaction: whatever is begun now comes to its end."""
    return machine.holder is None and not any(actor.pending for actor in machine.actors)


class SettingsOfSessions(SerialTransactions):
    """Single steps, and below them what is done in one go so that it is seen often."""

    @rule(number=NUMBERS, value=VALUES)
    def set_(self, number: int, value: int) -> None:
        if actor := self.free(number):
            self.submit(actor, "set", str(value), put, self.way, value)

    @precondition(lambda self: self.way.transactional)
    @rule(number=NUMBERS, value=VALUES)
    def set_local(self, number: int, value: int) -> None:
        if actor := self.free(number):
            self.submit(actor, "set local", str(value), run, f"SET LOCAL app.tenant = '{value}'")

    @rule(number=NUMBERS)
    def get(self, number: int) -> None:
        if actor := self.free(number):
            self.submit(actor, "get", "", get, self.way)

    @precondition(lambda self: not any(actor.pending for actor in self.actors))
    @rule()
    def everybody_gets(self) -> None:
        """Each its own, whoever had the turn last; those who wait for a transaction get it when they can."""
        for actor in self.actors:
            self.submit(actor, "get", "", get, self.way)

    @precondition(is_quiet)
    @rule(number=NUMBERS, value=VALUES)
    def set_and_close(self, number: int, value: int) -> None:
        """A connection that is opened anew has what nobody has set."""
        actor = self.actors[number]
        self.submit(actor, "set", str(value), put, self.way, value)
        self.submit(actor, "close", "", self.close_and_leave, actor)
        self.everybody_gets()

    @precondition(is_quiet)
    @rule(number=NUMBERS, value=VALUES)
    def set_and_end(self, number: int, value: int) -> None:
        """The end comes while an actor's settings are set."""
        self.submit(self.actors[number], "set", str(value), put, self.way, value)
        self.end_and_begin_anew()

    @precondition(is_quiet)
    @rule(number=NUMBERS, value=VALUES)
    def fail_one_after_the_other(self, number: int, value: int) -> None:
        """What a failure undoes is no setting of another actor's."""
        name = f"row {next(self.numbers)}"
        first, second = self.actors[number], self.actors[number - 1]
        self.submit(first, "write", name, lambda: Tag.objects.create(name=name))
        self.submit(first, "set", str(value), put, self.way, value)
        for actor in (first, second, first):
            self.submit(actor, "fail", "", fail_again, name)
            self.submit(second, "get", "", get, self.way) if actor is second else None
        self.everybody_gets()

    @precondition(lambda self: is_quiet(self) and self.way.transactional)
    @rule(number=NUMBERS, value=VALUES)
    def local_around_savepoints(self, number: int, value: int) -> None:
        """A local value is back after the roll-back of what replaced it, and gone with its transaction."""
        for inner, outer in ((True, False), (False, True), (False, False)):
            self.local_around_a_savepoint(self.actors[number], value, inner, outer)
            self.everybody_gets()

    def local_around_a_savepoint(self, actor: Actor, value: int, inner: bool, outer: bool) -> None:
        self.submit(actor, "begin", "", enter, actor)
        self.submit(actor, "set local", str(value), run, f"SET LOCAL app.tenant = '{value}'")
        self.submit(actor, "begin", "", enter, actor)
        self.submit(actor, "set", str(value + 1), put, self.way, value + 1)
        self.submit(actor, "roll back" if inner else "commit", "", leave, actor, inner)
        self.submit(actor, "get", "", get, self.way)
        self.submit(actor, "roll back" if outer else "commit", "", leave, actor, outer)
