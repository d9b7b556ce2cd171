"""What pytest-django's `django_assert_num_queries` gives, of a whole context instead of one connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pytest_async_orm.frames.stacks import in_event_loop
from pytest_async_orm.messages import queries as messages
from pytest_async_orm.recording.blocks import record_queries
from pytest_async_orm.recording.log import QueryLog
from pytest_async_orm.recording.recording import Recording


class CapturedQueries(QueryLog):
    """A log with the attributes of Django's `CaptureQueriesContext` too, counted from the beginning of the block."""

    initial_queries = 0

    def __init__(self, recording: Recording, connection: Any) -> None:
        super().__init__(recording, connection.alias)
        self.connection = connection
        self.force_debug_cursor = connection.force_debug_cursor
        self.final_queries: int | None = None


@contextmanager
def django_assertion(
    num: int,
    exact: bool = True,
    connection: Any = None,
    info: str | None = None,
    *,
    using: str | None = None,
) -> Iterator[CapturedQueries]:
    """pytest-django's assertion, by its signature: fails by `pytest.fail`, with the queries as a table."""
    __tracebackhide__ = True
    from django.db import DEFAULT_DB_ALIAS, connections

    if connection and using:
        raise ValueError('The "connection" and "using" parameter cannot be used together')
    watched = connection if connection is not None else connections[using or DEFAULT_DB_ALIAS]
    if not in_event_loop():
        # As Django does, so that what a connection is opened with is not counted.
        watched.ensure_connection()
    with record_queries(using=watched.alias) as log:
        captured = CapturedQueries(log.recording, watched)
        yield captured
    captured.final_queries = found = len(captured)
    if found != num if exact else found > num:
        pytest.fail(_message(captured, num, exact, info))


def _message(captured: CapturedQueries, num: int, exact: bool, info: str | None) -> str:
    found = len(captured)
    less = "" if exact else "or less "
    first = f"Expected to perform {num} queries {less}but {found} {'was' if found == 1 else 'were'} done"
    return messages.with_table(first + (f"\n{info}" if info else ""), list(captured), captured.dropped)
