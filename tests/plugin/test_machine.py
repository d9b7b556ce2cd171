"""The state machine of `machine`, and that it catches faults."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import session_faults
from django.db import connection
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from machine import SerialTransactions
from machine_guests import GuestsOfATest
from machine_settings import SettingsOfSessions
from session_scenes import first_way, unset

from pytest_async_orm.frames import handoff
from pytest_async_orm.leaks.ledger import Ledger
from pytest_async_orm.sharing.connection_queue import ConnectionQueue
from pytest_async_orm.sharing.guests import HostedConnection
from pytest_async_orm.sharing.lease import Lease
from pytest_async_orm.sharing.shared_connection import SharedConnection
from pytest_async_orm.sharing.virtual import VirtualConnection

STEPS = int(os.environ.get("ASYNC_ORM_MACHINE_STEPS", "500"))
STEPS_OF_A_RUN = 20

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.async_orm_sandbox("off"),
    pytest.mark.allow_connection_leaks(reason="generated threads end where they are"),
]


MACHINES = [SettingsOfSessions, GuestsOfATest]


def explore(steps: int, machine: type[SerialTransactions] = SerialTransactions, **options: object) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=max(1, steps // STEPS_OF_A_RUN),
            stateful_step_count=STEPS_OF_A_RUN,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            **options,
        ),
    )


@pytest.mark.parametrize("machine", MACHINES)
def test_generated_interleavings(machine: type[SerialTransactions]) -> None:
    """Whatever threads do in whatever order, the rows are those of serial transactions, and settings their own."""
    explore(STEPS, machine)


def turn_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    original = Lease.begin

    def begin(self: Lease) -> None:
        original(self)
        self.shared.queue.give_back(self)

    monkeypatch.setattr(Lease, "begin", begin)


def wrong_savepoint(monkeypatch: pytest.MonkeyPatch) -> None:
    def savepoint_rollback(self: VirtualConnection, sid: str) -> None:
        self.lease.run(self.lease.shared.dialect.send, "", f"ROLLBACK TO SAVEPOINT {self.lease._savepoint}")

    monkeypatch.setattr(VirtualConnection, "_savepoint_rollback", savepoint_rollback, raising=False)
    monkeypatch.setattr(VirtualConnection, "_savepoint_commit", lambda self, sid: None, raising=False)


def closes_the_shared_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lease, "close", lambda self: self.shared.raw.close())


def forgets_to_roll_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lease, "rollback", Lease.commit)


def forgets_the_savepoint_of_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SharedConnection, "failed", lambda self, what, autocommit: None)


def moves_the_savepoint_too_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SharedConnection, "let_stand", lambda self: ("SELECT 1",))


def does_not_hand_the_turn_over(monkeypatch: pytest.MonkeyPatch) -> None:
    def pass_on(self: ConnectionQueue) -> None:
        self._depth, self._holder = 0, None

    monkeypatch.setattr(ConnectionQueue, "_pass_on", pass_on)


def finds_no_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handoff, "user_frame", lambda frame: None)


def counts_a_close_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Ledger, "closed", lambda self, wrapper: None)


def lets_in_after_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection of an ended sandbox sends as ever."""
    monkeypatch.setattr(ConnectionQueue, "close", lambda self, refusal, grace: True)


def lets_a_guest_keep_the_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A guest's savepoint in autocommit outlives its statement."""
    monkeypatch.setattr(HostedConnection, "_let_go", lambda self: None)


EVERYWHERE = {"postgresql", "sqlite", "mysql"}
POSTGRESQL = {"postgresql"}
FAULTS = [
    (SerialTransactions, turn_not_held, EVERYWHERE),
    (SerialTransactions, wrong_savepoint, EVERYWHERE),
    (SerialTransactions, closes_the_shared_connection, {"postgresql", "mysql"}),
    (SerialTransactions, forgets_to_roll_back, EVERYWHERE),
    (SerialTransactions, forgets_the_savepoint_of_a_failure, POSTGRESQL),
    (SerialTransactions, moves_the_savepoint_too_rarely, POSTGRESQL),
    (SerialTransactions, does_not_hand_the_turn_over, EVERYWHERE),
    (SerialTransactions, finds_no_lines, EVERYWHERE),
    (SerialTransactions, counts_a_close_as_none, EVERYWHERE),
    (SerialTransactions, lets_in_after_the_end, EVERYWHERE),
    (SettingsOfSessions, session_faults.never_restores, EVERYWHERE),
    (SettingsOfSessions, session_faults.never_reads, EVERYWHERE),
    (SettingsOfSessions, session_faults.sees_no_setting, EVERYWHERE),
    (SettingsOfSessions, session_faults.takes_local_for_lasting, POSTGRESQL),
    (SettingsOfSessions, session_faults.ignores_savepoints, POSTGRESQL),
    (SettingsOfSessions, session_faults.restores_behind_the_savepoint, POSTGRESQL),
    (SettingsOfSessions, session_faults.keeps_what_is_closed, EVERYWHERE),
    (SettingsOfSessions, session_faults.leaves_the_session, {"sqlite", "mysql"}),
    (GuestsOfATest, session_faults.never_restores, EVERYWHERE),
    (GuestsOfATest, session_faults.ignores_roll_backs, POSTGRESQL),
    (GuestsOfATest, session_faults.leaves_the_session, EVERYWHERE),
    (GuestsOfATest, lets_a_guest_keep_the_turn, POSTGRESQL),
    (GuestsOfATest, forgets_to_roll_back, EVERYWHERE),
]


@pytest.fixture
def real_connection_again() -> Iterator[None]:
    """What a fault has left in the session of the connection must not reach the next test."""
    yield
    if connection.vendor == "sqlite":
        unset(first_way())
    connection.close()


@pytest.mark.planted
@pytest.mark.parametrize(("machine", "plant", "vendors"), FAULTS)
@pytest.mark.usefixtures("real_connection_again")
def test_planted_fault_is_caught(machine, plant, vendors, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sandbox with a fault fails the same exploration."""
    if connection.vendor not in vendors:
        pytest.skip("does no harm on this database")
    plant(monkeypatch)
    # With a fault, threads may wait for ever: a short time-out shows that soon.
    monkeypatch.setattr(machine, "lock_timeout", 1.0)
    monkeypatch.setattr(machine, "rest_seconds", 2.0)
    with pytest.raises(BaseException):  # noqa: B017 - a fault may show as any error
        explore(1000, machine, phases=[Phase.generate], derandomize=True, database=None, report_multiple_bugs=False)
