"""A database of the run's own: made empty before, dropped after, whatever an earlier run left behind."""

from __future__ import annotations

import inspect
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from weakref import WeakSet

# Seconds in which a worker that outlived its parent drops the database of the same name.
_PATIENCE = 20.0
_PAUSE = 0.5


@contextmanager
def server_connection() -> Iterator[Any]:
    """The default alias's connection to its server, without any database of ours: enough to ask for versions."""
    from django.db import DEFAULT_DB_ALIAS, connections

    # Each backend has methods of its own.
    connection: Any = connections[DEFAULT_DB_ALIAS]
    if connection.vendor == "sqlite":
        probe = connection.copy()
        with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
            if not connection.is_in_memory_db():
                # Opening the project's own file would create it.
                probe.settings_dict["NAME"] = str(Path(folder, "probe.sqlite3"))
            yield probe
            probe.close()
    else:
        # Private, seen in Django 4.2 to 6.1, pinned by test_private.py: no public call connects to the server alone.
        with connection._nodb_cursor() as cursor:
            yield cursor.db


@contextmanager
def own_database(name: str) -> Iterator[Any]:
    """Create the test database `name` for the default alias and migrate it; give its connection; drop it at the end.

    Meanwhile no other alias leads to a file of the project's.

    An interrupted run may leave its database behind; the next one of the same name replaces it. Raises `DatabaseError`
    if the server does not let us.
    """
    from django.db import connection, connections

    settings_name = connection.settings_dict["NAME"]
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder, _other_files_in(Path(folder)):
        connection.settings_dict["TEST"]["NAME"] = name = _test_name(connection, name, Path(folder))
        _make_durability_cheap()
        try:
            with _closing_what_is_opened():
                _create(connection, name)
                yield connection
        finally:
            connections.close_all()
            _close_executor_connections()
            # Django names it only once it exists; before that, dropping would mean the project's own database.
            if connection.settings_dict["NAME"] != settings_name:
                with suppress(FileNotFoundError):  # SQLite makes a file only when something is written
                    connection.creation.destroy_test_db(settings_name, verbosity=0)


@contextmanager
def copied_database(template: Path, folder: Path) -> Iterator[Any]:
    """For the default alias, an embedded one: a copy of a migrated file, in a new folder that the caller removes."""
    from django.db import connection, connections

    folder.mkdir()
    file = folder / "database.sqlite3"
    shutil.copyfile(template, file)
    connection.settings_dict["NAME"] = str(file)
    _make_durability_cheap()
    with _other_files_in(folder):
        try:
            yield connection
        finally:
            connections.close_all()


@contextmanager
def _closing_what_is_opened() -> Iterator[None]:
    """Of every thread: no server drops a database that somebody has left a connection to."""
    from django.db.backends.signals import connection_created

    opened: WeakSet[Any] = WeakSet()

    def on_created(connection: Any, **_: Any) -> None:
        opened.add(connection)

    connection_created.connect(on_created)
    try:
        yield
    finally:
        connection_created.disconnect(on_created)
        for connection in tuple(opened):
            connection.inc_thread_sharing()
            try:
                connection.close()
            finally:
                connection.dec_thread_sharing()


def _test_name(connection: Any, name: str, folder: Path) -> str:
    """A database in memory stays there: Django shares it among the threads of this process."""
    if connection.vendor != "sqlite":
        return name
    return ":memory:" if connection.is_in_memory_db() else str(folder / f"{name}.sqlite3")


@contextmanager
def _other_files_in(folder: Path) -> Iterator[None]:
    """Whoever connects to every alias, as the sample app's monitor does, would open the project's file, or make it."""
    from django.conf import settings
    from django.db import DEFAULT_DB_ALIAS

    files = {
        alias: database["NAME"]
        for alias, database in settings.DATABASES.items()
        if alias != DEFAULT_DB_ALIAS and str(database["ENGINE"]).endswith(("sqlite3", "spatialite"))
    }
    try:
        for alias in files:
            settings.DATABASES[alias]["NAME"] = str(folder / f"other-{alias}.sqlite3")
        yield
    finally:
        for alias, name in files.items():
            settings.DATABASES[alias]["NAME"] = name


def _create(connection: Any, name: str) -> None:
    """Django exits where it cannot replace what is there. Try again while another process may still be leaving it."""
    from django.db import DatabaseError

    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.creation.create_test_db(verbosity=0, autoclobber=True, **_without_serializing(connection))
            return
        except SystemExit as refusal:
            if time.monotonic() > deadline:
                message = f"the database {name} cannot be created: {refusal.__context__}"
                raise DatabaseError(message) from refusal
            time.sleep(_PAUSE)


def _without_serializing(connection: Any) -> dict[str, bool]:
    """Django used to copy the whole database unless it was told not to; since 6.1 only telling it is deprecated."""
    parameters = inspect.signature(connection.creation.create_test_db).parameters
    return {"serialize": False} if parameters["serialize"].default is True else {}


def _make_durability_cheap() -> None:
    """No power cut is part of any check: do not wait for the disk at each commit."""
    from django.db.backends.signals import connection_created

    def on_created(connection: Any, **_: Any) -> None:
        # The driver's own cursor: it is no statement of the call that happens to open the connection.
        with closing(connection.connection.cursor()) as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SET synchronous_commit = off")
            elif connection.vendor == "sqlite":
                _keep_journal_in_memory(cursor)

    connection_created.connect(on_created, weak=False, dispatch_uid="conformance.durability")


def _keep_journal_in_memory(cursor: Any) -> None:
    """Rather than in a file that every transaction makes and removes. A mode that the settings choose stays."""
    cursor.execute("PRAGMA synchronous = OFF")
    if cursor.execute("PRAGMA journal_mode").fetchone() == ("delete",):
        cursor.execute("PRAGMA journal_mode = MEMORY")


def _close_executor_connections() -> None:
    """A connection that asgiref's thread still holds would keep the server from dropping the database."""
    import asyncio

    from asgiref.sync import sync_to_async
    from django.db import connections

    asyncio.run(sync_to_async(connections.close_all)())
