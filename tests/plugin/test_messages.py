"""Every error says what happened, where, and what to do: the texts themselves."""

from pytest_async_orm.messages import sandbox as messages
from pytest_async_orm.records import Leftover, Participant

REMEDY = "Mark the test with @pytest.mark.django_db(transaction=True) to give it real connections."


ADVICE = (
    "Do not wait inside atomic() for work that another thread does in the database: end the block first, or do the "
    "work in the same thread."
)
WHY = "all threads share one connection, and a transaction keeps it until its outermost atomic block ends."
WAITING = Participant("worker", "Task-7", False, '  File "a.py", line 1\n', "a.py:1")
HOLDING = Participant("MainThread", None, True, '  File "b.py", line 2\n', "b.py:2")


def test_deadlock() -> None:
    """What to do, the two lines, and then who waits and who holds."""
    assert messages.deadlock("test_it", "default", 10, WAITING, HOLDING) == (
        f"{ADVICE} If the wait is only long, raise the ini option async_orm_lock_timeout. {REMEDY}\n"
        "  b.py:2 holds the connection 'default'\n"
        "  a.py:1 has waited for it 10 s\n"
        f"In the test test_it {WHY}\n"
        "  waiting: thread 'worker', task 'Task-7', in autocommit\n"
        '      File "a.py", line 1\n'
        "  holding: thread 'MainThread', inside a transaction\n"
        '      File "b.py", line 2'
    )


def test_certain_deadlock() -> None:
    """The same where each step of the circle is known, or one thread has two connections."""
    path = [("for a result of", "pool_0"), ("for the end of", "worker")]
    text = messages.certain_deadlock("test_it", "default", WAITING, HOLDING, path)
    assert text.startswith(
        f"{ADVICE} {REMEDY}\n"
        "  b.py:2 holds the connection 'default' and waits for a result of thread 'pool_0', which waits for the end of "
        "thread 'worker'\n"
        "  a.py:1 waits for the connection\n"
        f"So neither would ever go on in the test test_it: {WHY}\n"
    )
    assert "waits for itself, on another connection" in messages.certain_deadlock(
        "test_it", "default", WAITING, HOLDING, []
    )


def test_participant_without_a_line() -> None:
    """A thread that runs no line of the user's is named instead."""
    nameless = Participant("worker", None, False, "")
    assert "  thread 'worker' has waited" in messages.deadlock("test_it", "default", 1, nameless, HOLDING)


def test_no_backup() -> None:
    """Why it is refused, and the remedy."""
    assert messages.no_backup("test_a", "default") == (
        "backup() of 'default' would wait for ever in the test test_a, since the transaction that isolates the test "
        f"is open on the same connection. {REMEDY}"
    )


def test_ended() -> None:
    """Which test's work came after its end, on which thread, and during which test."""
    assert messages.ended("test_a", "default", "worker", "test_b") == (
        "Work that the test test_a started used the database 'default' after that test had ended, on the thread "
        "'worker'. The test that runs now is test_b. Nothing was read or written. Await the task or join the thread "
        "before the test returns."
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
        f"isolates the test test_a: CREATE TABLE t. {REMEDY}"
    )


def test_left_running() -> None:
    """Each thread and task by name and stack."""
    left = [
        Leftover("thread", "worker", "  File a\n", held_transaction=True, line="test_a.py:7"),
        Leftover("task", "Task-1", ""),
    ]
    assert messages.left_running("test_a", left) == (
        "The test test_a ended while work that it started still runs:\n"
        "  thread 'worker' at test_a.py:7, its transaction was rolled back\n      File a\n"
        "  task 'Task-1'\n    (no stack: it does not run)\n"
        "Await the task or join the thread before the test returns; its next use of the database is an error."
    )
    text = messages.left_running("test_a", [Leftover("thread", "worker", "", pauses=True)])
    assert text.endswith("is an error, but for the next turn of a loop in which it pauses.")


def test_others_name_their_remedy() -> None:
    """The shorter texts, each with what to do."""
    participant = Participant("worker", None, True, "")
    assert "sync_to_async()" in messages.loop_would_block("test_a", "default", participant, participant)
    assert "async_orm_sandbox('off')" in messages.unsupported_vendor("default", "oracle")
    assert REMEDY in messages.native_connection("test_a", "default")
    assert "databases=[..., 'other']" in messages.forbidden("test_a", "other")
    text = messages.transactional_inside_scope("test_a", ["class_db", "session_db"], ["tag"])
    assert "for class_db and session_db (by tag), whose rows" in text
    assert "Give the test rows of its own" in text
    assert "every table of 'default', 'other' was emptied" in messages.flushed("test_a", ["default", "other"])


def test_long_statements_are_shortened() -> None:
    """A statement of thousands of characters does not hide the message."""
    assert messages.shortened("SELECT " + "x" * 1000) == "SELECT " + "x" * 192 + "…"
