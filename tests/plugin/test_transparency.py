"""A virtual cursor and connection have what the driver's have, and take the same calls."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, connections, transaction
from ends import Wire, WireCursor, shared_over
from sandbox_marks import STARTED_BY_HAND

from pytest_async_orm.drivers import calls
from pytest_async_orm.sharing.attributes import OF_TRANSACTIONS
from pytest_async_orm.sharing.cursors import VirtualCursor, cursor_over
from pytest_async_orm.sharing.lease import Lease
from pytest_async_orm.sharing.raw import RawConnection
from sample_app.models import Tag

CURSORS = [
    "psycopg:Cursor",
    "psycopg:ClientCursor",
    "psycopg:ServerCursor",
    "psycopg2.extensions:cursor",
    "pymysql.cursors:Cursor",
    "pymysql.cursors:SSCursor",
    "MySQLdb.cursors:Cursor",
    "MySQLdb.cursors:SSCursor",
    "sqlite3:Cursor",
]
CONNECTIONS = ["psycopg:Connection", "pymysql.connections:Connection", "MySQLdb.connections:Connection",
               "sqlite3:Connection"]  # fmt: skip
LEASES = {"autocommit", "begin", "commit", "get_autocommit", "in_transaction", "rollback", "set_autocommit"}
LEASES |= {f"set_{name}" for name in OF_TRANSACTIONS}
"""What a connection's lease answers for, and not the driver."""
OTHERWISE = {"cursor", "execute", "executemany", "executescript", "blobopen", "backup", "close"}
"""Tested by tests of their own, below and in `test_driver_forms.py`."""


def driver_class(place: str) -> Any:
    """A class of a driver's, or a skip."""
    module, _, name = place.partition(":")
    return getattr(pytest.importorskip(module), name)


def methods_of(kind: Any) -> list[str]:
    """The public methods of a class, exceptions and class methods left out."""
    found = [name for name in dir(kind) if not name.startswith("_") and callable(getattr(kind, name))]
    return [name for name in found if not inspect.isclass(getattr(kind, name)) and not _of_class(kind, name)]


def _of_class(kind: Any, name: str) -> bool:
    return getattr(getattr(kind, name), "__self__", None) is kind


class Calls(list[tuple[str, tuple[Any, ...], dict[str, Any], bool]]):
    """Name, arguments and options of each call, and whether it was made inside the turn."""


def recording(kind: Any, base: type[Any], wire: Any, lease: list[Lease], seen: Calls) -> Any:
    """An object with the methods of a driver's class, which notes their calls."""

    def method(name: str) -> Any:
        def note(self: Any, *args: Any, **options: Any) -> Any:
            seen.append((name, args, options, lease[0].statements > 0))
            return "returned"

        @contextmanager
        def block(self: Any, *args: Any, **options: Any) -> Iterator[str]:
            note(self, *args, **options)
            yield "returned"

        def generator(self: Any, *args: Any, **options: Any) -> Iterator[str]:
            note(self, *args, **options)
            yield "returned"

        return block if name in calls.BLOCKS else generator if name in calls.GENERATORS else note

    names = {name: method(name) for name in methods_of(kind)}
    return type(f"Recording{kind.__name__}", (base,), names)(*([wire] if base is WireCursor else []))


def result_of(called: Any, name: str) -> Any:
    """What a call returned, beneath a block or a generator."""
    if name in calls.BLOCKS:
        with called as inner:
            return inner
    return next(iter(list(called))) if name in calls.GENERATORS else called


@pytest.mark.parametrize("place", CURSORS)
def test_every_method_of_cursors_is_handed_on(place: str) -> None:
    """By position and by keyword, with its result, inside the turn where it may use the wire."""
    kind, seen, leases = driver_class(place), Calls(), []
    wire = Wire()
    raw = recording(kind, WireCursor, wire, leases, seen)
    leases.append(Lease(shared_over(wire)))
    cursor = cursor_over(leases[0], raw)
    assert isinstance(cursor, type(raw))
    for name in set(methods_of(kind)) - {"executescript", "close", "fetchall"}:
        arguments = ((), {"size": 3}) if name == "fetchmany" else (("a",), {"key": "b"})
        if name == "fetchone":
            arguments = ((), {})
        returned = result_of(getattr(cursor, name)(*arguments[0], **arguments[1]), name)
        assert (returned, seen.pop()) == ("returned", (name, *arguments, name not in calls.LOCAL_TO_CURSORS))
        assert leases[0].statements == 0
        assert seen == []


@pytest.mark.parametrize("place", CONNECTIONS)
def test_every_method_of_connections_is_handed_on(place: str) -> None:
    """The same for the driver's connection, but for what is the lease's."""
    kind, seen, leases = driver_class(place), Calls(), []
    wire = recording(kind, Wire, None, leases, seen)
    leases.append(Lease(shared_over(wire)))
    raw = RawConnection(leases[0], wire)
    assert isinstance(raw, type(wire))
    for name in set(methods_of(kind)) - LEASES - OTHERWISE:
        returned = result_of(getattr(raw, name)("a", key="b"), name)
        inside = name not in calls.LOCAL_TO_CONNECTIONS
        assert (returned, seen.pop()) == ("returned", (name, ("a",), {"key": "b"}, inside)), name
        assert leases[0].statements == 0
    assert seen == []


@pytest.mark.parametrize("place", CONNECTIONS)
def test_names_that_a_driver_has_not_are_not_there(place: str) -> None:
    """What asks whether a connection has a method gets the driver's answer."""
    kind, wire = driver_class(place), None
    wire = recording(kind, Wire, None, [], Calls())
    raw = RawConnection(Lease(shared_over(wire)), wire)
    for name in LEASES | OTHERWISE | {"no_such_name"}:
        assert hasattr(raw, name) == hasattr(wire, name), name


def public_names(value: Any) -> list[str]:
    return [name for name in dir(value) if not name.startswith("_")]


def read(value: Any, name: str) -> Any:
    """An attribute, or the type of the error that reading it raises."""
    try:
        return getattr(value, name)
    except Exception as error:  # noqa: BLE001 - each driver has its own
        return type(error)


@pytest.mark.usefixtures("sandbox")
class TestReal:
    """The driver of the database of this run."""

    pytestmark = STARTED_BY_HAND

    def test_every_name_can_be_read(self) -> None:
        """The cursor's and the connection's attributes are the driver's."""
        with connection.cursor() as wrapper:
            wrapper.execute("SELECT 1")
            virtual = wrapper.cursor if isinstance(wrapper.cursor, VirtualCursor) else wrapper.cursor.cursor
            assert type(virtual) is VirtualCursor
            raw = virtual._raw
            for name in public_names(raw):
                theirs = read(raw, name)
                if not callable(theirs) and name != "connection":
                    assert repr(read(virtual, name)) == repr(theirs), name
            assert virtual.connection is connection.connection
        for name in public_names(connections["default"].lease.shared.raw):
            assert hasattr(connection.connection, name), name

    def test_wrappers_look_like_the_real_ones(self) -> None:
        """A log line, or a test of the user's, that shows the connection reads the same as in production."""
        virtual: Any = connections["default"]
        kinds = [type(wrapper) for wrapper in (virtual, virtual.real_wrapper())]
        shown = [(kind.__module__, kind.__name__, kind.__qualname__) for kind in kinds]
        assert kinds[0] is not kinds[1]
        assert shown[0] == shown[1]
        assert repr(virtual) == repr(virtual.real_wrapper())

    @pytest.mark.parametrize("name", ["arraysize", "row_factory", "itersize", "tzinfo_factory", "format"])
    def test_attributes_can_be_set(self, name: str) -> None:
        """What the driver lets one set arrives there; what it does not raises its error."""
        with connection.cursor() as wrapper:
            virtual = wrapper.cursor if type(wrapper.cursor) is VirtualCursor else wrapper.cursor.cursor
            before = read(virtual._raw, name)
            if isinstance(before, type) and issubclass(before, Exception):
                return
            setattr(virtual, name, before)
            virtual.arraysize = 7
            assert virtual._raw.arraysize == 7

    def test_rows_by_every_form(self) -> None:
        """`fetchmany` by position and by keyword, iteration, `next`, `with`."""
        sql = "SELECT 1 UNION SELECT 2 UNION SELECT 3 ORDER BY 1"
        with connection.cursor() as cursor:
            cursor.execute(sql)
            assert len(cursor.fetchmany(size=2)) == 2
            assert len(cursor.fetchmany(2)) == 1
            cursor.execute(sql)
            assert [row[0] for row in cursor] == [1, 2, 3]
        with connection.connection.cursor() as raw:
            assert type(raw) is VirtualCursor
            raw.execute(sql)
            assert [row[0] for row in raw] == [1, 2, 3]

    def test_drivers_connection_commits_nothing_of_the_tests(self, shared_connection: Any) -> None:
        """Its commit and roll-back are the virtual connection's."""
        Tag.objects.create(name="a")
        connection.connection.rollback()
        connection.connection.commit()
        with transaction.atomic():
            Tag.objects.create(name="b")
            connection.connection.rollback()
        assert [tag.name for tag in Tag.objects.all()] == ["a"]
        assert shared_connection.lost is None

    def test_statement_of_the_drivers_cursor_is_protected(self, worker: Any) -> None:
        """A failed statement below Django's cursors undoes itself alone."""
        Tag.objects.create(name="a")
        with pytest.raises(Exception), connection.connection.cursor() as raw:  # noqa: B017, PT011 - the driver's
            raw.execute("SELECT no_such_column")
        assert worker(Tag.objects.count) == 1


@pytest.mark.planted
def test_call_outside_of_the_turn_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A method that is taken for a local one fails the comparison."""
    monkeypatch.setattr(VirtualCursor, "__getattr__", lambda self, name: getattr(self._raw, name), raising=False)
    with pytest.raises(AssertionError):
        test_every_method_of_cursors_is_handed_on("pymysql.cursors:Cursor")
