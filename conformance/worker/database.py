"""A database of the run's own: made empty before, dropped after, whatever an earlier run left behind."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def own_database(name: str) -> Iterator[Any]:
    """Create the test database `name` for the default alias and migrate it; give its connection; drop it at the end.

    An interrupted run leaves its database behind; the next one of the same name replaces it.
    """
    from django.db import connection, connections

    settings_name = connection.settings_dict["NAME"]
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        if connection.vendor == "sqlite":
            name = os.path.join(folder, f"{name}.sqlite3")
        connection.settings_dict["TEST"]["NAME"] = name
        _make_durability_cheap()
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        try:
            yield connection
        finally:
            connections.close_all()
            _close_executor_connections()
            connection.creation.destroy_test_db(settings_name, verbosity=0)


def _make_durability_cheap() -> None:
    """No power cut is part of any check: do not wait for the disk at each commit."""
    from django.db.backends.signals import connection_created

    statements = {"sqlite": "PRAGMA synchronous = OFF", "postgresql": "SET synchronous_commit = off"}

    def on_created(connection: Any, **_: Any) -> None:
        if statement := statements.get(connection.vendor):
            with connection.cursor() as cursor:
                cursor.execute(statement)

    connection_created.connect(on_created, weak=False, dispatch_uid="conformance.durability")


def _close_executor_connections() -> None:
    """A connection that asgiref's thread still holds would keep the server from dropping the database."""
    import asyncio

    from asgiref.sync import sync_to_async
    from django.db import connections

    asyncio.run(sync_to_async(connections.close_all)())
