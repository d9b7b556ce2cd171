"""Every error says what happened, where, and what to do: the texts themselves."""

from pytest_async_orm.messages import sandbox as messages
from pytest_async_orm.records import Leftover, Participant

REMEDY = "Mark the test with @pytest.mark.django_db(transaction=True) to give it real connections."


def test_deadlock() -> None:
    """Who waits, who holds, both stacks, and three ways out."""
    waiting = Participant("worker", "Task-7", False, '  File "a.py", line 1\n')
    holding = Participant("MainThread", None, True, '  File "b.py", line 2\n')
    assert messages.deadlock("test_it", "default", 10, waiting, holding) == (
        "Waited 10 s for the connection 'default' of the test test_it.\n"
        "  waiting: thread 'worker', task 'Task-7', in autocommit\n"
        '      File "a.py", line 1\n'
        "  holding: thread 'MainThread', inside a transaction\n"
        '      File "b.py", line 2\n'
        "All threads of a test share one physical connection, and a transaction keeps it until its outermost atomic "
        "block "
        "ends. Do not wait inside atomic() for work that another thread does in the database: end the block first, "
        "or do "
        f"the work in the same thread. If the wait is only long, raise the ini option async_orm_lock_timeout. {REMEDY}"
    )


def test_ended() -> None:
    """Whose work came too late, where, and during which test."""
    assert messages.ended("test_a", "default", "worker", "test_b") == (
        "Work that the test test_a started used the database 'default' after that test had ended, on the thread "
        "'worker'. "
        "The test that runs now is test_b. Nothing was read or written. "
        "Await the task or join the thread before the test returns."
    )


def test_transaction_lost() -> None:
    """Which test, which database, why, and the remedy."""
    assert messages.transaction_lost("test_a", "default", "it ended with COMMIT") == (
        "The transaction that isolates the test test_a on 'default' is gone: it ended with COMMIT. "
        f"Its rows may have been committed, so nothing more is run on this connection. {REMEDY}"
    )


def test_implicit_commit() -> None:
    """The statement that was not run."""
    assert messages.implicit_commit("test_a", "default", "CREATE  TABLE\nt") == (
        "This statement was not run, since it commits implicitly on 'default' and would end the transaction that "
        "isolates "
        f"the test test_a: CREATE TABLE t. {REMEDY}"
    )


def test_left_running() -> None:
    """Each thread and task by name and stack."""
    left = [Leftover("thread", "worker", "  File a\n", held_transaction=True), Leftover("task", "Task-1", "")]
    assert messages.left_running("test_a", left) == (
        "The test test_a ended while work that it started still runs:\n"
        "  thread 'worker', its transaction was rolled back\n      File a\n"
        "  task 'Task-1'\n    (no stack: it does not run)\n"
        "Await the task or join the thread before the test returns; its next use of the database is an error."
    )


def test_others_name_their_remedy() -> None:
    """The shorter texts, each with what to do."""
    party = Participant("worker", None, True, "")
    assert "sync_to_async()" in messages.loop_would_block("test_a", "default", party)
    assert "async_orm_sandbox('off')" in messages.unsupported_vendor("default", "oracle")
    assert REMEDY in messages.native_connection("test_a", "default")
    assert "databases=[..., 'other']" in messages.forbidden("test_a", "other")
    text = messages.transactional_inside_scope("test_a", ["class_db", "session_db"], ["tag"])
    assert "for class_db and session_db (by tag), whose rows" in text
    assert "Give the test rows of its own" in text
    assert "every table of 'default', 'other' was emptied" in messages.flushed("test_a", ["default", "other"])


def test_long_statements_are_shortened() -> None:
    """A statement of thousands of characters does not drown the message."""
    assert messages.shortened("SELECT " + "x" * 1000) == "SELECT " + "x" * 192 + "…"
