"""A flush never hangs behind a session that was left open: it is named, with the line that opened it."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db import connection, connections, transaction
from flush_calls import make, touched
from flush_schemas import ALIASES
from natural_observer import connect

from pytest_async_orm.errors import FlushBlocked
from pytest_async_orm.flushing import postgresql_catalogue, seam
from pytest_async_orm.flushing.on_mariadb import MariaDB

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=ALIASES),
    pytest.mark.allow_connection_leaks(reason="sessions are left open on purpose"),
]
SECONDS = 1.0
# A group of its own for each kind of write that a session may have left open.
LEFT_OPEN = {
    "inserted": lambda: Group.objects.create(name="uncommitted"),
    "locked": lambda: list(Group.objects.select_for_update()),
    "deleted": lambda: Group.objects.all().delete(),
    "kept": lambda: ContentType.objects.create(app_label="gone", model="uncommitted"),
}


@pytest.fixture(autouse=True)
def server() -> None:
    """SQLite has locks of its own."""
    if connection.vendor == "sqlite":
        pytest.skip("of servers")


@pytest.fixture
def left_open(worker: Any) -> Any:
    """Begin a transaction on another thread, and leave it open."""

    def begin(write: Any) -> None:
        transaction.set_autocommit(False)
        write()

    return lambda write: worker(begin, write)


@pytest.mark.parametrize("write", LEFT_OPEN)
def test_the_opening_line_is_told(left_open: Any, write: str) -> None:
    """Within the time-out the session, its last statement, its thread and the line that opened it are told; it is
    closed, and the tables are emptied for the next test.
    """
    Group.objects.create(name="committed")
    left_open(LEFT_OPEN[write])
    flushing = make(SECONDS)
    with pytest.raises(FlushBlocked) as caught:
        touched(flushing, "default")
    text = str(caught.value)
    assert "test_the_opening_line_is_told" in text
    assert "opened at " in text
    assert "test_flush_locks.py:" in text
    assert "on thread 'ThreadPoolExecutor-" in text
    assert "The plugin closed it and emptied the tables." in text
    assert not Group.objects.exists()
    assert not ContentType.objects.filter(app_label="gone").exists()


@pytest.mark.planted
def test_finds_a_flush_that_sees_no_writer(left_open: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above fails where nobody asks who else writes: the flush ends, and the row comes afterwards."""
    monkeypatch.setattr(postgresql_catalogue, "locks", lambda *_: "SELECT 'lock', '', 0::bigint, 0 WHERE false")
    monkeypatch.setattr(MariaDB, "_touched", lambda *_: set())
    left_open(LEFT_OPEN["inserted"])
    assert touched(make(SECONDS), "default").reason is None


def test_a_session_that_only_reads_hinders_nobody(left_open: Any) -> None:
    """A transaction that has read, behind which Django's flush would wait on PostgreSQL, is no reason to wait."""
    Group.objects.create(name="committed")
    left_open(lambda: list(Group.objects.all()))
    assert touched(make(SECONDS), "default").reason is None
    assert not Group.objects.exists()


def test_a_session_at_work_is_waited_for(worker: Any) -> None:
    """Longer than the time-out, while it is in the middle of a statement; what it commits then is emptied."""
    wrote, flushing = threading.Event(), make(0.2)

    def work() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            Group.objects.create(name="late")
            wrote.set()
            cursor.execute("SELECT pg_sleep(2)" if connection.vendor == "postgresql" else "SELECT SLEEP(3)")
        connection.close()

    working = worker.start(work)
    assert wrote.wait(20)
    assert touched(flushing, "default").reason is None
    working.result(20)
    assert not Group.objects.exists()


def test_a_session_of_another_process() -> None:
    """A session that this process did not open through Django is named by its number, and left alone."""
    raw = connect(connection.vendor.replace("mysql", "mariadb"), str(connection.settings_dict["NAME"]))
    try:
        cursor = raw.cursor()
        cursor.execute("BEGIN")
        cursor.execute("INSERT INTO auth_group (name) VALUES ('foreign')")
        with pytest.raises(FlushBlocked, match="not opened through Django in this process") as caught:
            touched(make(SECONDS), "default")
        assert "Later tests may meet this test's rows." in str(caught.value)
        cursor.execute("COMMIT")
    finally:
        raw.close()
    assert touched(make(SECONDS), "default").reason is None
    assert not Group.objects.exists()


def test_djangos_flush_does_not_hang_either(left_open: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Django's own flush is called it ends in time as well, and the connection's time-outs are as before."""
    monkeypatch.setattr(seam, "why_not", lambda *_: "for this test")
    before = limits()
    left_open(LEFT_OPEN["inserted"])
    with pytest.raises(FlushBlocked, match=r"opened at .*test_flush_locks\.py:"):
        touched(make(SECONDS), "default")
    assert limits() == before
    assert touched(make(SECONDS), "default").reason == "for this test"


def limits() -> Any:
    sql = {
        "postgresql": "SELECT current_setting('lock_timeout')",
        "mysql": "SELECT @@SESSION.innodb_lock_wait_timeout, @@SESSION.lock_wait_timeout",
    }
    with connections["default"].cursor() as cursor:
        cursor.execute(sql[connection.vendor])
        return cursor.fetchone()


def test_limits_of_the_connection_stay(left_open: Any) -> None:
    """A touched flush changes no setting of the connection, whether it ends well or not."""
    before, flushing = limits(), make(SECONDS)
    touched(flushing, "default")
    assert limits() == before
    left_open(LEFT_OPEN["inserted"])
    with pytest.raises(FlushBlocked):
        touched(flushing, "default")
    assert limits() == before
