"""SQLite refuses to write beside another connection that does: the connection that was left open is named."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from flush_calls import make, touched
from flush_schemas import ALIASES

from pytest_async_orm.errors import FlushBlocked

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=ALIASES),
    pytest.mark.allow_connection_leaks(reason="a connection is left open on purpose"),
]


def test_the_opening_line_is_told(worker: Any) -> None:
    """Where Django's flush says that a table is locked, the line that opened the other connection is told."""
    if connection.vendor != "sqlite":
        pytest.skip("of SQLite")
    Group.objects.create(name="committed")

    def write() -> None:
        transaction.set_autocommit(False)
        Group.objects.create(name="uncommitted")

    def end() -> None:
        transaction.rollback()
        transaction.set_autocommit(True)

    worker(write)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 100")
    try:
        with pytest.raises(FlushBlocked, match=r"opened at .*test_flush_locks_of_sqlite\.py:\d+, on thread") as caught:
            touched(make(), "default")
    finally:
        worker(end)
    assert "a connection to SQLite" in str(caught.value)
    assert touched(make(), "default").reason is None
    assert not Group.objects.exists()
