"""Whether rows are read in chunks, as `iterator` promises, or all at once, and how many at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# On the cursor that Django hands out, beside the driver's own attributes.
_CHUNKS = "_conformance_chunks"


@contextmanager
def reading_in_chunks(connection: Any) -> Iterator[None]:
    """Let the cursors that a connection makes for reading in chunks, `chunked_cursor()`, note what is asked of them."""
    make = connection.chunked_cursor

    def chunked_cursor() -> Any:
        cursor = make()
        _note(cursor)
        return cursor

    connection.chunked_cursor = chunked_cursor
    try:
        yield
    finally:
        del connection.chunked_cursor


def chunks_of(cursor: Any) -> list[int] | None:
    """The numbers of rows that a cursor has been, and will be, asked for; None for a cursor of another kind."""
    found: list[int] | None = vars(cursor).get(_CHUNKS)
    return found


def _note(cursor: Any) -> None:
    chunks: list[int] = []
    fetch = cursor.fetchmany

    def fetchmany(size: int) -> Any:
        chunks.append(size)
        return fetch(size)

    vars(cursor).update({_CHUNKS: chunks, "fetchmany": fetchmany})
