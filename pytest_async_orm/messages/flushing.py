"""Why a flush is Django's own, and the error of one that a session which was left open keeps from ending."""

from __future__ import annotations

from collections.abc import Sequence

DISTRIBUTED = "tables may lie on other servers (the extension citus)"
SIZES_LIE = "a table holds rows and has an empty file: this server keeps rows elsewhere"
IN_TRANSACTION = "the test has left its own connection in a transaction"
OTHER_CALL = "the flush is asked for with other arguments than Django's"
CASCADE = "available_apps: what else refers to the tables is emptied too"
OTHER_COMMAND = "the flush command is not Django's own"


def other_backend(backend: str) -> str:
    """A database backend that is not Django's, or flushes in its own way."""
    return f"the database backend {backend} is not known"


def has_trigger(name: str) -> str:
    """A trigger in the database, which could tell how a table is emptied."""
    return f"the database has a trigger, {name}"


def special_table(name: str) -> str:
    """A table that is partitioned, inherited from, foreign, or has a rule or row security."""
    return f"the table {name} is partitioned, inherited from or foreign, or has a rule or row security"


def is_referred_to(constraint: str) -> str:
    """A foreign key of a table that Django does not know."""
    return f"a table that no model has refers to a table of a model, by the constraint {constraint}"


def failed(error: Exception) -> str:
    """An error of the database."""
    return f"the database refused: {' '.join(str(error).split())}"


def blocked(test: str, alias: str, seconds: float, sessions: Sequence[str], *, emptied: bool) -> str:
    """The error of a transactional test whose tables are locked. `sessions`: what `session` says of each."""
    found = "\n".join(f"  {session}" for session in sessions) or "  (the database does not tell which)"
    outcome = "The plugin closed it and emptied the tables." if emptied else "Later tests may meet this test's rows."
    return (
        f"End the transaction, or close the connection, on its own thread before the test ends. The tables of "
        f"{alias!r} could not be emptied after {test} for {seconds:g} s (ini option async_orm_lock_timeout), since "
        f"they are locked by a session that was left open:\n{found}\n{outcome}"
    )


def session(database: str, number: int | None, statement: str, opened: str) -> str:
    """One session that has locked something; `opened`: what `opened` says of it, empty for another process's."""
    name = f"session {number} of {database}" if number is not None else f"a connection to {database}"
    last = f", last statement: {_shortened(statement)}" if statement else ""
    return f"{name}: {opened or 'not opened through Django in this process'}{last}"


def opened(line: str, thread: str, test: str | None) -> str:
    """Where a session comes from."""
    place = f"opened at {line}" if line else "opened by no line of yours"
    return f"{place}, on thread {thread!r}" + (f", by the test {test}" if test else "")


def _shortened(text: str, limit: int = 200) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
