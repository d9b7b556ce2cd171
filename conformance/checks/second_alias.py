"""Another alias of the same database, for as long as an example lasts: what is sent there is known by its name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from conformance.strategies.meanwhile import SECOND_ALIAS


@contextmanager
def second_alias() -> Iterator[None]:
    """The alias, with a connection on this thread and one on the thread for thread-sensitive code."""
    from asgiref.sync import sync_to_async
    from django.apps import apps
    from django.contrib.contenttypes.models import ContentType
    from django.db import connections

    def connect() -> None:
        connections[SECOND_ALIAS].ensure_connection()

    def disconnect() -> None:
        connections[SECOND_ALIAS].close()
        del connections[SECOND_ALIAS]

    connections.databases[SECOND_ALIAS] = {**connections["default"].settings_dict}
    try:
        connect()
        asyncio.run(sync_to_async(connect)())
        # Django keeps them for each alias: the first side would ask for them, and the second would not.
        ContentType.objects.db_manager(SECOND_ALIAS).get_for_models(*apps.get_models())
        yield
        asyncio.run(sync_to_async(disconnect)())
        disconnect()
    finally:
        del connections.databases[SECOND_ALIAS]
