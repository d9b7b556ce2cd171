"""The state machine of `machine`, and that it catches faults."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from machine import SerialTransactions

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


def explore(steps: int, **options: object) -> None:
    run_state_machine_as_test(
        SerialTransactions,
        settings=settings(
            max_examples=max(1, steps // STEPS_OF_A_RUN),
            stateful_step_count=STEPS_OF_A_RUN,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            **options,
        ),
    )


def test_generated_interleavings() -> None:
    """Whatever threads do in whatever order, the rows are those of serial transactions."""
    explore(STEPS)


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
    if connection.vendor == "sqlite":
        pytest.skip("Django does not close a database in memory")
    monkeypatch.setattr(Lease, "close", lambda self: self.shared.raw.close())


def forgets_to_roll_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lease, "rollback", Lease.commit)


def forgets_the_savepoint_of_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("only where a failed statement spoils the transaction")
    monkeypatch.setattr(SharedConnection, "failed", lambda self, what, autocommit: None)


def moves_the_savepoint_too_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("only where a failed statement spoils the transaction")
    original = SharedConnection.protect

    def protect(self: SharedConnection) -> None:
        self._behind = False
        original(self)

    monkeypatch.setattr(SharedConnection, "protect", protect)


FAULTS = [
    turn_not_held,
    wrong_savepoint,
    closes_the_shared_connection,
    forgets_to_roll_back,
    forgets_the_savepoint_of_a_failure,
    moves_the_savepoint_too_rarely,
]


@pytest.fixture
def real_connection_again() -> Iterator[None]:
    yield
    connection.close()


@pytest.mark.planted
@pytest.mark.parametrize("plant", FAULTS)
@pytest.mark.usefixtures("real_connection_again")
def test_planted_fault_is_caught(plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sandbox with a fault fails the same exploration."""
    plant(monkeypatch)
    # With a fault, threads may wait for ever: a short time-out shows that soon.
    monkeypatch.setattr(SerialTransactions, "lock_timeout", 1.0)
    monkeypatch.setattr(SerialTransactions, "rest_seconds", 2.0)
    with pytest.raises(BaseException):  # noqa: B017 - a fault may show as any error
        explore(1000, phases=[Phase.generate], derandomize=True, database=None, report_multiple_bugs=False)
