"""Autocommit switched by hand: whatever the application does, it meets what it meets without the plugin."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sandbox_marks import without_and_inside

from pytest_async_orm.sharing.layers import Layers
from pytest_async_orm.sharing.lease import Lease
from pytest_async_orm.sharing.scopes import scope_transaction
from sample_app.models import Tag

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.async_orm_sandbox("off")]


def write(number: int) -> None:
    Tag.objects.create(name=f"row {number}")


def fail(number: int) -> None:
    write(number)
    write(number)


def write_in_a_block(number: int) -> None:
    with transaction.atomic():
        write(number)


def switch_in_a_block(number: int) -> None:
    with transaction.atomic():
        transaction.set_autocommit(bool(number % 2))


OPERATIONS: dict[str, Callable[[int], Any]] = {
    "off": lambda _: transaction.set_autocommit(False),
    "on": lambda _: transaction.set_autocommit(True),
    "write": write,
    "fail": fail,
    "read": lambda _: Tag.objects.count(),
    "commit": lambda _: transaction.commit(),
    "roll back": lambda _: transaction.rollback(),
    "block": write_in_a_block,
    "switch in a block": switch_in_a_block,
    "driver's commit": lambda _: connection.connection.commit(),
    "driver's roll-back": lambda _: connection.connection.rollback(),
    "ask": lambda _: transaction.get_autocommit(),
    "close": lambda _: connection.close(),
}
programs = st.lists(st.sampled_from(list(OPERATIONS)), max_size=7)


def outcome(program: list[str]) -> list[Any]:
    """What each operation returned or raised, and the rows that are left for another connection."""
    seen: list[Any] = []
    for number, name in enumerate(program):
        try:
            connection.ensure_connection()
            seen.append((name, OPERATIONS[name](number)))
        except (DatabaseError, IntegrityError) as error:
            seen.append((name, type(error).__name__))
        if connection.in_atomic_block:
            # Django leaves it so where a block begins in a transaction that has failed, with autocommit off.
            connection.in_atomic_block = False
            break
    connections["default"].close()
    return [*seen, sorted(Tag.objects.values_list("name", flat=True))]


def both(program: list[str]) -> tuple[list[Any], list[Any]]:
    """The outcome without a sandbox, and inside one."""
    return without_and_inside(partial(outcome, program), Tag.objects.all().delete)


def explore(examples: int, **options: Any) -> None:
    """Compare the outcomes of generated programs."""

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), **options)
    @example(["off", "write", "off", "roll back", "read", "roll back", "on"])
    @example(["off", "on", "write"])
    @example(["off", "fail", "block", "read"])
    @example(["on", "on", "write", "on"])
    @example(["off", "read", "on", "write", "off", "commit"])
    @given(programs)
    def programs_agree(program: list[str]) -> None:
        real, isolated = both(program)
        assert isolated == real

    programs_agree()


def test_generated_programs() -> None:
    """The same results, errors and rows as on a real connection."""
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("Django never closes a database in memory, and so never rolls it back")
    explore(150)


@pytest.mark.planted
def test_planted_fault_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second transaction inside of the first, as set_autocommit(False) said twice once began."""
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("see above")

    def set_autocommit(self: Lease, autocommit: bool, *, in_block: bool = False) -> None:
        self.autocommit = autocommit
        if not autocommit:
            self._savepoint = None
            self.begin()

    monkeypatch.setattr(Lease, "set_autocommit", set_autocommit)
    with pytest.raises(BaseException):  # noqa: B017, PT011 - a fault may show as any error
        explore(10, phases=[Phase.explicit])


@pytest.mark.allow_connection_leaks(reason="the thread ends inside its transaction")
def test_manual_transaction_of_a_thread_that_ends(worker: Any) -> None:
    """What a thread has left uncommitted is rolled back when another one asks, as a server does."""
    layers = Layers()

    def leave() -> None:
        transaction.set_autocommit(False)
        write(1)

    with scope_transaction(["default"], "the sandbox", 1) as sandbox:
        layers.push(sandbox)
        thread = threading.Thread(target=leave)
        thread.start()
        thread.join()
        assert worker(Tag.objects.count) == 0
        layers.pop()
