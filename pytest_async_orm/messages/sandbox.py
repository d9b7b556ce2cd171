"""The errors and warnings of the sandbox."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_async_orm.records import Leftover, Participant


REAL_CONNECTIONS = "Mark the test with @pytest.mark.django_db(transaction=True) to give it real connections."


ADVICE = (
    "Do not wait inside atomic() for work that another thread does in the database: end the block first, or do the "
    "work in the same thread."
)
WHY = "all threads share one connection, and a transaction keeps it until its outermost atomic block ends."


def _describe(participant: Participant) -> str:
    task = f", task {participant.task_name!r}" if participant.task_name else ""
    state = "inside a transaction" if participant.in_transaction else "in autocommit"
    return f"thread {participant.thread_name!r}{task}, {state}"


def _indented(stack: str) -> str:
    return "\n".join(f"    {line}" for line in stack.rstrip().splitlines()) or "    (no stack: it does not run)"


def certain_deadlock(
    test: str, alias: str, waiting: Participant, holding: Participant, path: Sequence[tuple[str, str]]
) -> str:
    """A circle of waits. `path` leads from the holder to the waiter: how each waits, and the thread that it waits
    for; empty if the two are the same thread.
    """
    waits = ", which waits ".join(f"{how} thread {thread!r}" for how, thread in path)
    return (
        f"{ADVICE} {REAL_CONNECTIONS}\n"
        f"  {_place(holding)} holds the connection {alias!r} and waits {waits or 'for itself, on another connection'}\n"
        f"  {_place(waiting)} waits for the connection\n"
        f"So neither would ever go on in the test {test}: {WHY}\n"
        f"  waiting: {_describe(waiting)}\n{_indented(waiting.stack)}\n"
        f"  holding: {_describe(holding)}\n{_indented(holding.stack)}"
    )


def _place(participant: Participant) -> str:
    return participant.line or f"thread {participant.thread_name!r}"


def deadlock(test: str, alias: str, seconds: float, waiting: Participant, holding: Participant) -> str:
    """A wait that has lasted for a time-out, in seconds, while nothing moved."""
    return (
        f"{ADVICE} If the wait is only long, raise the ini option async_orm_lock_timeout. {REAL_CONNECTIONS}\n"
        f"  {_place(holding)} holds the connection {alias!r}\n"
        f"  {_place(waiting)} has waited for it {seconds:g} s\n"
        f"In the test {test} {WHY}\n"
        f"  waiting: {_describe(waiting)}\n{_indented(waiting.stack)}\n"
        f"  holding: {_describe(holding)}\n{_indented(holding.stack)}"
    )


def loop_would_block(test: str, alias: str, waiting: Participant, holding: Participant) -> str:
    """The error of an event loop's thread that would have to wait for another thread's transaction."""
    return (
        "In async code call the ORM's async methods or sync_to_async(); in a sync test beside a loop, such as that of "
        "Playwright's sync API, let the other thread's transaction end first.\n"
        f"  {_place(holding)} holds the connection {alias!r}\n"
        f"  {_place(waiting)} asked for it on the event loop's own thread\n"
        f"Waiting here would stop the loop that must let the other go on, in the test {test}.\n"
        f"  asking: {_describe(waiting)}\n{_indented(waiting.stack)}\n"
        f"  holding: {_describe(holding)}\n{_indented(holding.stack)}"
    )


def ended(test: str, alias: str, thread_name: str, current: str | None) -> str:
    """The error of work that outlived its test; `current` is the test that runs now, None between tests."""
    during = f" The test that runs now is {current}." if current else ""
    return (
        f"Work that the test {test} started used the database {alias!r} after that test had ended, on the thread "
        f"{thread_name!r}.{during} Nothing was read or written. Await the task or join the thread before the test "
        "returns."
    )


def transaction_lost(test: str, alias: str, reason: str) -> str:
    """The error of every statement after the test's transaction is gone, with what ended it."""
    return (
        f"The transaction that isolates the test {test} on {alias!r} is gone: {reason}. "
        f"Its rows may have been committed, so nothing more is run on this connection. {REAL_CONNECTIONS}"
    )


def implicit_commit(test: str, alias: str, sql: str) -> str:
    """The error of a statement that would commit the test's transaction."""
    return (
        f"This statement was not run, since it commits implicitly on {alias!r} and would end the transaction that "
        f"isolates the test {test}: {shortened(sql)}. {REAL_CONNECTIONS}"
    )


_THINGS = {"statement": "prepared statement", "cursor": "cursor", "lock": "lock", "database": "attached database"}


def session_shared(test: str, alias: str, kind: str, name: str, owner: str, sql: str) -> str:
    """The error of a statement that would see what another thread's connection has. `kind`: that of the thing, see
    `Thing`; `owner`: the name of the thread.
    """
    what = f"{_THINGS.get(kind, f'temporary {kind}')} {name!r}"
    production = (
        "the statement would wait for it, or be told that it is taken"
        if kind == "lock"
        else f"{what} does not exist (doesn't exist, no such {kind}) on another connection"
    )
    return (
        f"This statement was not run, since it would see what belongs to another connection to {alias!r}: "
        f"{shortened(sql)}\n"
        f"The {what} was made by the thread {owner!r}. In production {production}; in the test {test} all threads "
        f"share one connection, which cannot hide it. Use it on the thread that made it. {REAL_CONNECTIONS}"
    )


def no_backup(test: str, alias: str) -> str:
    """sqlite3's `Connection.backup`."""
    return (
        f"backup() of {alias!r} would wait for ever in the test {test}, since the transaction that isolates the test "
        f"is open on the same connection. {REAL_CONNECTIONS}"
    )


def unsupported_vendor(alias: str, vendor: str) -> str:
    """The error for a database that no dialect of the sandbox knows."""
    return (
        f"The database {alias!r} ({vendor}) cannot be isolated by the async sandbox: SQLite, PostgreSQL, MariaDB and "
        f"MySQL can. Switch it off with @pytest.mark.async_orm_sandbox('off'), or: {REAL_CONNECTIONS}"
    )


def forbidden(test: str, alias: str) -> str:
    """The error for a database that the test's mark does not name."""
    return (
        f"Database connections to {alias!r} are not allowed in {test}. Add {alias!r} to the databases of its mark, "
        f"@pytest.mark.django_db(databases=[..., {alias!r}]), to isolate its rows too."
    )


def native_connection(test: str, alias: str) -> str:
    """The error of a native async connection that would leave the test's transaction."""
    return (
        f"A native async connection to {alias!r} was opened in the isolated test {test}. It would not see the test's "
        f"rows, and what it writes would outlive the test. {REAL_CONNECTIONS}"
    )


def transactional_inside_scope(test: str, scopes: Sequence[str], fixtures: Sequence[str]) -> str:
    """The error of a test of real connections that needs rows of a wider scope. `scopes`: which of class_db, module_db
    and session_db; `fixtures`: those of the test that ask for them.
    """
    through = f" (by {', '.join(fixtures)})" if fixtures else ""
    return (
        f"{test} asks for real connections (transaction=True, transactional_db or live_server) and for {_all(scopes)}"
        f"{through}, whose rows are in an open transaction: real connections cannot see them. Give the test rows of "
        "its own by a fixture of function scope that asks for transactional_db; if a fixture is autouse, ask for it "
        "only in the tests that need it."
    )


def _all(names: Sequence[str]) -> str:
    return " and ".join(names)


def no_test_database(fixture: str, alias: str) -> str:
    """The error of a fixture of wider scope for whose database pytest-django made no test database."""
    return (
        f"The fixture {fixture} needs the test database {alias!r}, which pytest-django made for no test of this "
        f"session. Mark a test that uses the fixture with @pytest.mark.django_db, with databases=[{alias!r}] if it is "
        "not the default."
    )


def scope_outside_database(fixture: str, alias: str) -> str:
    """The error of a fixture of wider scope whose database has no transactions."""
    return (
        f"The fixture {fixture} needs a transaction on {alias!r}, but this database has none "
        "(MySQL tables without InnoDB?). Use function-scoped fixtures with @pytest.mark.django_db(transaction=True)."
    )


def left_running(test: str, leftovers: Sequence[Leftover], *, refused: bool = True) -> str:
    """The report of threads and tasks that still run after their test, with the stack of each; `refused`: whether they
    may not use the database any more.
    """
    lines = [f"The test {test} ended while work that it started still runs:"]
    for leftover in leftovers:
        held = ", its transaction was rolled back" if leftover.held_transaction else ""
        at = f" at {leftover.line}" if leftover.line else ""
        lines.append(f"  {leftover.kind} {leftover.name!r}{at}{held}\n{_indented(leftover.stack)}")
    outcome = "its next use of the database is an error" if refused else "it may use the database beside later tests"
    if refused and any(leftover.pauses for leftover in leftovers):
        outcome += ", but for the next turn of a loop in which it pauses"
    lines.append(f"Await the task or join the thread before the test returns; {outcome}.")
    return "\n".join(lines)


def flushed(test: str, aliases: Sequence[str]) -> str:
    """The warning for databases that were emptied since a test may have committed to them."""
    names = ", ".join(repr(alias) for alias in aliases)
    return f"Rows of the test {test} may have been committed: every table of {names} was emptied before the next test."


def shortened(sql: str, limit: int = 200) -> str:
    """A text in one line, cut to `limit` characters, the last of which is then `…`."""
    text = " ".join(str(sql).split())
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
