"""What the sandbox says when it must stop, or must not go on silently."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_async_orm.records import Leftover, Participant


REAL_CONNECTIONS = "Mark the test with @pytest.mark.django_db(transaction=True) to give it real connections."


def _describe(participant: Participant) -> str:
    task = f", task {participant.task_name!r}" if participant.task_name else ""
    state = "inside a transaction" if participant.in_transaction else "in autocommit"
    return f"thread {participant.thread_name!r}{task}, {state}"


def _indented(stack: str) -> str:
    return "\n".join(f"    {line}" for line in stack.rstrip().splitlines()) or "    (no stack: it does not run)"


def deadlock(test: str, alias: str, seconds: float, waiting: Participant, holding: Participant) -> str:
    return (
        f"Waited {seconds:g} s for the connection {alias!r} of the test {test}.\n"
        f"  waiting: {_describe(waiting)}\n{_indented(waiting.stack)}\n"
        f"  holding: {_describe(holding)}\n{_indented(holding.stack)}\n"
        "All threads of a test share one physical connection, and a transaction keeps it until its outermost atomic "
        "block "
        "ends. Do not wait inside atomic() for work that another thread does in the database: end the block first, "
        "or do "
        f"the work in the same thread. If the wait is only long, raise the ini option async_orm_lock_timeout. "
        f"{REAL_CONNECTIONS}"
    )


def loop_would_block(test: str, alias: str, holding: Participant) -> str:
    return (
        f"The event loop's own thread asked for the connection {alias!r} of the test {test} while another thread's "
        f"transaction holds it. Waiting here would stop the loop that must let it go on.\n"
        f"  holding: {_describe(holding)}\n{_indented(holding.stack)}\n"
        "In async code call the ORM's async methods or sync_to_async(); in a sync test beside a loop, such as that of "
        "Playwright's sync API, let the other thread's transaction end first."
    )


def ended(test: str, alias: str, thread_name: str, current: str | None) -> str:
    during = f" The test that runs now is {current}." if current else ""
    return (
        f"Work that the test {test} started used the database {alias!r} after that test had ended, on the thread "
        f"{thread_name!r}.{during} Nothing was read or written. Await the task or join the thread before the test "
        f"returns."
    )


def transaction_lost(test: str, alias: str, reason: str) -> str:
    return (
        f"The transaction that isolates the test {test} on {alias!r} is gone: {reason}. "
        f"Its rows may have been committed, so nothing more is run on this connection. {REAL_CONNECTIONS}"
    )


def implicit_commit(test: str, alias: str, sql: str) -> str:
    return (
        f"This statement was not run, since it commits implicitly on {alias!r} and would end the transaction that "
        f"isolates the test {test}: {shortened(sql)}. {REAL_CONNECTIONS}"
    )


def unsupported_vendor(alias: str, vendor: str) -> str:
    return (
        f"The database {alias!r} ({vendor}) cannot be isolated by the async sandbox: SQLite, PostgreSQL, MariaDB "
        f"and MySQL "
        f"can. Switch it off with @pytest.mark.async_orm_sandbox('off'), or: {REAL_CONNECTIONS}"
    )


def forbidden(test: str, alias: str) -> str:
    return (
        f"Database connections to {alias!r} are not allowed in {test}. Add {alias!r} to the databases of its mark, "
        f"@pytest.mark.django_db(databases=[..., {alias!r}]), to isolate its rows too."
    )


def native_connection(test: str, alias: str) -> str:
    return (
        f"A native async connection to {alias!r} was opened in the isolated test {test}. It would not see the "
        f"test's rows, "
        f"and what it writes would outlive the test. {REAL_CONNECTIONS}"
    )


def transactional_inside_scope(test: str) -> str:
    return (
        f"{test} asks for real connections (transaction=True, transactional_db or live_server) while class_db, "
        f"module_db or "
        "session_db keeps rows in an open transaction, which the test would wait for, and which its clean-up would "
        "delete. "
        "Move the test out of that scope, or give it rows of its own."
    )


def no_test_database(fixture: str, alias: str) -> str:
    return (
        f"The fixture {fixture} needs the test database {alias!r}, which pytest-django made for no test of this "
        f"session. "
        f"Mark a test that uses the fixture with @pytest.mark.django_db, with databases=[{alias!r}] if it is not "
        f"the default."
    )


def scope_outside_database(fixture: str, alias: str) -> str:
    return (
        f"The fixture {fixture} needs a transaction on {alias!r}, but this database has none "
        "(MySQL tables without InnoDB?). Use function-scoped fixtures with @pytest.mark.django_db(transaction=True)."
    )


def left_running(test: str, leftovers: Sequence[Leftover], *, refused: bool = True) -> str:
    """What a test left at work; `refused`: whether it may not use the database any more."""
    lines = [f"The test {test} ended while work that it started still runs:"]
    for leftover in leftovers:
        held = ", its transaction was rolled back" if leftover.held_transaction else ""
        lines.append(f"  {leftover.kind} {leftover.name!r}{held}\n{_indented(leftover.stack)}")
    outcome = "its next use of the database is an error" if refused else "it may use the database beside later tests"
    lines.append(f"Await the task or join the thread before the test returns; {outcome}.")
    return "\n".join(lines)


def flushed(test: str, aliases: Sequence[str]) -> str:
    names = ", ".join(repr(alias) for alias in aliases)
    return f"Rows of the test {test} may have been committed: every table of {names} was emptied before the next test."


def shortened(sql: str, limit: int = 200) -> str:
    text = " ".join(str(sql).split())
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
