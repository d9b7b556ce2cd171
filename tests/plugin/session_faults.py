"""Planted faults of the sessions of threads: for the tests, and for the state machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections

from pytest_async_orm.drivers.session_things import MySQLThings, PostgreSQLThings, SQLiteThings
from pytest_async_orm.patches.process import PROCESS
from pytest_async_orm.sharing import by_hand
from pytest_async_orm.sharing.guests import HostedConnection
from pytest_async_orm.sharing.kept_apart import Things
from pytest_async_orm.sharing.session import Kept, SharedSession
from pytest_async_orm.sharing.shared_connection import SharedConnection
from pytest_async_orm.sharing.virtual import VirtualConnection

Plant = Callable[[pytest.MonkeyPatch], None]


def _nothing(*args: Any, **options: Any) -> None:
    """Stands for what a fault leaves out."""


def never_restores(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next connection has what the last one has set."""
    monkeypatch.setattr(SharedSession, "switch_to", lambda self, kept: False)


def never_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a connection has set is not known when the turn passes on."""
    monkeypatch.setattr(SharedSession, "_read", _nothing)


def sees_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """No statement is known to set anything."""
    monkeypatch.setattr(SharedSession, "_before", lambda self, kept, settings, trace: {})


def takes_local_for_lasting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of a transaction brings nothing back."""
    monkeypatch.setattr(Kept, "note", _nothing)


def ignores_savepoints(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a local value hides is as it was last."""
    monkeypatch.setattr(Kept, "follow", _nothing)


def ignores_roll_backs(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the database took back is taken for set."""
    monkeypatch.setattr(SharedSession, "roll_back", _nothing)


def restores_behind_the_savepoint(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure in autocommit takes the restored settings along."""
    original = SharedConnection.switch_to

    def switch_to(self: SharedConnection, *args: Any) -> None:
        behind = self._behind
        original(self, *args)
        self._behind = behind

    monkeypatch.setattr(SharedConnection, "switch_to", switch_to)


def keeps_what_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A close ends nothing of the session."""
    monkeypatch.setattr(SharedSession, "close", _nothing)


def leaves_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of a sandbox changes nothing."""
    monkeypatch.setattr(SharedSession, "finish", _nothing)


def refuses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody sees what anybody has made."""
    monkeypatch.setattr(SharedSession, "seen_by", _nothing)


def reads_nothing_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test sends before a guest comes is not read."""
    monkeypatch.setattr(PROCESS, "reader", None)
    # What an earlier test has set on the same connection is known.
    vars(connections["default"]).pop(by_hand.READ, None)


def forgets_what_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read is not the test's when a guest comes."""
    monkeypatch.setattr(by_hand, "earlier", _nothing)


def drops_what_is_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of the guests lets everything go."""
    original = Things.drop_all_but
    monkeypatch.setattr(Things, "drop_all_but", lambda self, user: original(self, None))


def takes_gone_for_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was dropped is thought to be there."""
    for known in (SQLiteThings, PostgreSQLThings, MySQLThings):
        monkeypatch.setattr(known, "exists", lambda self, thing: True)


def keeps_the_time_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection is opened with the time zone that there is."""
    monkeypatch.setattr(VirtualConnection, "ensure_timezone", lambda self: False)


def sets_everybodys_time_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Django sets it on the shared connection, past the turn."""
    monkeypatch.setattr(
        HostedConnection, "_ensure_timezone", lambda self: type(self.wrapper).ensure_timezone(self.wrapper)
    )
