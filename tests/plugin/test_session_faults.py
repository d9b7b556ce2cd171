"""Each planted fault of the sessions of threads fails a test."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import session_faults as faults
import test_session_forms as forms
import test_session_guests as guests
import test_session_settings as settings
import test_session_things as things
from django.db import connection
from sandbox_marks import STARTED_BY_HAND
from session_scenes import WAYS, first_way, unset

from pytest_async_orm.sharing.by_hand import READ

pytestmark = [
    *STARTED_BY_HAND,
    pytest.mark.planted,
    pytest.mark.allow_connection_leaks(reason="threads end where they are"),
]
POSTGRESQL, SQLITE, MYSQL = "postgresql", "sqlite", "mysql"
EVERYWHERE = {POSTGRESQL, SQLITE, MYSQL}
IN_A_SANDBOX: list[tuple[faults.Plant, Callable[..., None], set[str], dict[str, Any]]] = [
    (faults.never_restores, settings.test_a_setting_is_its_threads_own, EVERYWHERE, {}),
    (faults.never_reads, settings.test_threads_that_set_the_same, EVERYWHERE, {}),
    (faults.sees_no_setting, settings.test_a_setting_is_its_threads_own, EVERYWHERE, {}),
    (
        faults.takes_local_for_lasting,
        settings.test_local_settings_end_with_the_transaction,
        {POSTGRESQL},
        {"sql": settings.LOCAL[0]},
    ),
    (faults.takes_local_for_lasting, forms.test_deferred_keys_end_with_the_transaction, {SQLITE}, {}),
    (faults.ignores_savepoints, settings.test_local_then_session, {POSTGRESQL}, {}),
    (faults.restores_behind_the_savepoint, settings.test_a_failed_statement_leaves_settings, {POSTGRESQL}, {}),
    (faults.keeps_what_is_closed, settings.test_close_forgets, EVERYWHERE, {}),
    (faults.leaves_the_session, settings.test_the_end_leaves_what_was_there, {SQLITE, MYSQL}, {}),
    (faults.leaves_the_session, things.test_nothing_is_left_for_the_next_test, {POSTGRESQL, MYSQL}, {}),
    (faults.refuses_nothing, things.test_temporary_table, EVERYWHERE, {"sql": things.SEEN[0]}),
    (faults.takes_gone_for_there, things.test_table_that_is_dropped, EVERYWHERE, {}),
    (faults.keeps_the_time_zone, guests.test_time_zone_in_a_sandbox, {POSTGRESQL}, {}),
]
WITH_A_HOST: list[tuple[faults.Plant, Callable[..., None], set[str], dict[str, Any]]] = [
    (faults.never_restores, guests.test_a_guest_does_not_see_what_the_test_sets, EVERYWHERE, {}),
    (faults.ignores_roll_backs, guests.test_a_block_of_the_test_rolls_back, {POSTGRESQL}, {}),
    (
        faults.sets_everybodys_time_zone,
        guests.test_time_zone_of_overridden_settings,
        {POSTGRESQL},
        {"guest_first": True},
    ),
    (faults.reads_nothing_by_hand, guests.test_what_was_set_before_a_guest_came, EVERYWHERE, {}),
    (faults.forgets_what_was_read, guests.test_what_was_set_before_a_guest_came, EVERYWHERE, {}),
    (faults.drops_what_is_the_tests, guests.test_what_was_made_before_a_guest_came, EVERYWHERE, {}),
    (faults.leaves_the_session, guests.test_the_end_of_the_guests_leaves_the_tests, EVERYWHERE, {}),
]
# The fixtures of those modules.
host = guests.host


@pytest.fixture
def planted(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, db: None) -> Iterator[None]:
    """The fault, before there is a sandbox; what it has left in the session of the connection is taken back."""
    request.param(monkeypatch)
    yield
    if connection.vendor != SQLITE:
        connection.close()
        return
    for way in WAYS[SQLITE].values():
        unset(way)
    # What it was before is what the fault has left.
    vars(connection).pop(READ, None)


def fails(test: Callable[..., None], given: dict[str, Any], vendors: set[str]) -> None:
    if connection.vendor not in vendors:
        pytest.skip("does no harm on this database")
    offered = {"any_way": first_way(), "way": first_way(), **given}
    with pytest.raises(BaseException):  # noqa: B017, PT011 - a fault may show as any error
        test(**{name: offered[name] for name in inspect.signature(test).parameters})


@pytest.mark.parametrize(("planted", "test", "vendors", "given"), IN_A_SANDBOX, indirect=["planted"])
def test_in_a_sandbox(planted, sandbox, layers, worker, other_worker, test, vendors, given) -> None:
    """A sandbox with the fault fails the test."""
    workers = {"worker": worker, "other_worker": other_worker}
    fails(test, {"sandbox": sandbox, "layers": layers, **workers, **given}, vendors)


@pytest.mark.parametrize(("planted", "test", "vendors", "given"), WITH_A_HOST, indirect=["planted"])
def test_with_a_host(planted, host, layers, worker, other_worker, test, vendors, given) -> None:
    """A host with the fault fails the test."""
    workers = {"worker": worker, "other_worker": other_worker}
    fails(test, {"host": host, "layers": layers, **workers, **given}, vendors)
