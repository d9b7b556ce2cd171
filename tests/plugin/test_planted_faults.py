"""Planted faults of older threads, reruns, pragmas, unknown databases and mirrors: each fails a test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import test_attempts as attempts
import test_joining as joining
import test_leak_faults as faults
import test_leak_wiring as wiring
import test_mirrors as mirrors
import test_older_threads as older
import test_pragmas as pragmas
import test_query_budgets as budgets
import test_query_files as files
import test_transactions_of_one_call as one_call
import test_turns as turns
import test_turns_of_tasks as task_turns
import test_unknown_databases as unknown
from django.db import connection

from pytest_async_orm.sharing.sandbox import Sandbox

pytestmark = pytest.mark.planted
SQLITE = {"sqlite"}
EVERYWHERE = {"sqlite", "postgresql", "mysql"}
NOTHING = "lambda *args, **options: None"
# Two threads that speak to one connection at a time may wait for ever: such a session ends without an outcome, by the
# system, since a driver may keep the interpreter and pytest stops its own timer where a test has failed.
ENDING = "import signal; signal.signal(signal.SIGALRM, signal.SIG_DFL); signal.alarm(40)"
JOINING = joining.test_joining_a_test_at_work
# Looks at the test's cursors, but only once.
ONCE = (
    "(lambda look: lambda self, host: self not in planted.__dict__.setdefault('_seen', []) "
    "and not planted._seen.append(self) and look(self, host))(planted.HostedConnection._take_over_cursors)"
)
# What is replaced by what, in the inner session; the test that notices, with its arguments; where it runs.
FAULTS: list[tuple[str, str, Callable[..., None], dict[str, Any], set[str]]] = [
    ("sharing.sandbox:begun_before", NOTHING, older.test_transaction_from_before, {"kind": "sandbox"}, EVERYWHERE),
    ("sharing.sandbox:begun_before", NOTHING, older.test_transaction_from_before, {"kind": "sync"}, EVERYWHERE),
    (
        "sharing.going_on:Unfinished.here",
        NOTHING,
        older.test_transaction_into_another_test,
        {"kind": "sync"},
        EVERYWHERE,
    ),
    (
        "sharing.going_on:Unfinished.here",
        NOTHING,
        older.test_transaction_into_another_test,
        {"kind": "sandbox"},
        EVERYWHERE,
    ),
    (
        "sharing.layers:Layers.after_rollback",
        NOTHING,
        one_call.test_each_transaction_of_one_call_has_guests_of_its_own,
        {},
        EVERYWHERE,
    ),
    (
        "sharing.hosting:Host.following",
        "(lambda own: lambda self: (lambda host: host._outer.clear() or host)(own(self)))(planted.Host.following)",
        one_call.test_each_transaction_of_one_call_has_guests_of_its_own,
        {},
        EVERYWHERE,
    ),
    (
        "sharing.guests:HostedConnection._wait_for_statement",
        NOTHING,
        joining.test_joining_a_test_at_work,
        {},
        # A server's driver that two threads use at once may wait for ever.
        SQLITE,
    ),
    (
        "sharing.guests:HostedConnection._take_over_cursors",
        NOTHING,
        joining.test_joining_a_test_at_work,
        {},
        EVERYWHERE,
    ),
    (
        "leaks.waiting:belongs_to_session",
        "lambda opened: False",
        older.test_sessions_threads_are_not_waited_for,
        {},
        EVERYWHERE,
    ),
    (
        "frames.workers:Work._is_next_turn",
        "lambda self, frame: False",
        turns.test_started_by_a_test,
        {"start": "pool", "kind": "async", "turns": ""},
        EVERYWHERE,
    ),
    (
        "frames.workers:Work.repeats",
        "lambda self, thread: False",
        turns.test_started_by_a_test,
        {"start": "context", "kind": "async", "turns": turns.TURNS},
        EVERYWHERE,
    ),
    (
        "sharing.layers:Layers._is_at_next_turn",
        "lambda self: False",
        task_turns.test_task_started_by_a_test,
        {},
        EVERYWHERE,
    ),
    (
        "sharing.layers:Layers._is_at_next_turn",
        "lambda self: True",
        task_turns.test_task_started_by_a_test,
        {},
        EVERYWHERE,
    ),
    ("hooks.leaks:forget", NOTHING, attempts.test_run_again, {}, EVERYWHERE),
    ("hooks.leaks:forget_notices", NOTHING, attempts.test_run_again, {}, EVERYWHERE),
    ("hooks.recording:forget", NOTHING, attempts.test_run_again, {}, EVERYWHERE),
    ("hooks.session:runs_again", "lambda item: False", attempts.test_run_again, {}, EVERYWHERE),
    (
        "hooks.leaks:note_failure",
        NOTHING,
        faults.test_what_a_failure_holds_is_no_leak,
        {"failing": "assert False"},
        EVERYWHERE,
    ),
    ("hooks.leaks:carry", NOTHING, wiring.test_equal_leaks_are_folded, {}, EVERYWHERE),
    ("hooks.telling:carry", NOTHING, budgets.test_n_plus_one_by_ini, {}, EVERYWHERE),
    ("hooks.recording:carry", NOTHING, files.test_report_from_workers, {}, EVERYWHERE),
    ("hooks.session:State.watch_again", NOTHING, attempts.test_run_again, {}, EVERYWHERE),
    ("drivers.dialect:Dialect.instead", NOTHING, pragmas.test_receivers, {}, SQLITE),
    ("hooks.isolation:_left_alone", "lambda *args: set()", unknown.test_unknown_vendor, {}, SQLITE),
    ("sharing.hosting:can_be_shared", "lambda wrapper: True", unknown.test_unknown_vendor, {}, SQLITE),
    ("hooks.isolation:tell", NOTHING, unknown.test_unknown_vendor, {}, SQLITE),
    ("sharing.sandbox:_mirrors_in", "lambda wrappers: {}", mirrors.test_replica_shows_its_primary, {}, EVERYWHERE),
]
another = unknown.another
older_thread = older.older_thread


@pytest.mark.parametrize(("place", "instead", "test", "given", "vendors"), FAULTS)
def test_planted_fault_is_caught(
    place: str,
    instead: str,
    test: Callable[..., None],
    given: dict[str, Any],
    vendors: set[str],
    run,
    pytester: pytest.Pytester,
    request: pytest.FixtureRequest,
) -> None:
    """The test of a whole session fails where the fault is planted in that session."""
    if connection.vendor not in vendors:
        pytest.skip("not on this database")
    module, _, name = place.partition(":")
    conftest = pytester.path / "conftest.py"

    def faulty(source: str, *args: Any, **options: Any) -> pytest.RunResult:
        own = conftest.read_text() if conftest.exists() else ""
        planted = f"import pytest_async_orm.{module} as planted\n    planted.{name} = {instead}"
        conftest.write_text(f"{own}\ndef pytest_sessionstart():\n    {planted}\n    {ENDING}\n")
        # What a fault lets wait for ever need not wait for as long as a busy machine may need without it.
        return run(source.replace("(20)", "(5)"), *args, **options)

    offered = {"run": faulty, "pytester": pytester, **given}
    if test is unknown.test_unknown_vendor:
        offered["another"] = request.getfixturevalue("another")
    names = test.__code__.co_varnames[: test.__code__.co_argcount]
    arguments = {name: offered[name] for name in names}
    with pytest.raises((AssertionError, KeyError, ValueError, pytest.fail.Exception)):
        test(**arguments)


@pytest.mark.django_db
@pytest.mark.async_orm_sandbox("off")
def test_one_that_never_lets_go(
    older_thread: Callable[..., Any], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sandbox that keeps every thread until it has ended."""
    monkeypatch.setattr(Sandbox, "lets_go", lambda self, alias: False)
    with pytest.raises(AssertionError):
        older.test_nothing_begins_at_the_end(older_thread, sandbox)
