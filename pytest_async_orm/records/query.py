"""One query, as it was seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["read", "write", "transaction", "savepoint", "other"]


@dataclass(frozen=True)
class Origin:
    """What was under way when a query was sent: for the search for N+1."""

    unit: int = 0
    """Equal for the queries of one request, one message or one task that a framework serves; 0 outside of them."""
    inside: int = 0
    """How many lines of the stack are inside of that unit: all, outside of them."""
    own: int = 0
    """How many lines of the stack are of the present asyncio task."""
    related: bool = False
    """An attribute asks for a related object or a deferred field."""
    writes: bool = False
    """Django was asked to write, and reads on the way: `get_or_create`, `save`, `add`."""
    refreshes: bool = False
    """`refresh_from_db`."""
    validates: bool = False
    """`full_clean`, or the validation of a form."""
    makes: bool = False
    """A package makes rows for a test: factory_boy, model_bakery."""
    sender: str = ""
    """Where no line of the user's is known, `file:line` of the library that asked."""


@dataclass(frozen=True)
class Query:
    """One statement that was sent to the database, on any thread.

    `query["sql"]` and `query["time"]` (seconds, as text) give what Django's own log of queries holds.
    """

    sql: str
    """The text that was handed to the cursor, with its placeholders."""
    params: Any
    """What was handed to the cursor: a sequence or mapping, a list of them for `executemany`, or None."""
    alias: str
    vendor: str
    """Django's name of the backend: `sqlite`, `postgresql`, `mysql`, ..."""
    kind: Kind
    """By the first word: `transaction` is BEGIN, COMMIT and ROLLBACK, `savepoint` also ROLLBACK TO."""
    started_at: float
    """Seconds since the epoch."""
    duration_ms: float
    """Milliseconds of its execution; rows that are fetched later take their own time."""
    rows: int | None
    """What the driver tells of rows returned or changed; None if it does not know."""
    thread_name: str
    """The thread that sent it."""
    task_name: str | None
    """The asyncio task that sent it or waits for it; None where no task is known."""
    in_transaction: bool
    """Whether the application had a transaction open; a test's own does not count."""
    fingerprint: str
    """The statement without its literals and with every list of values as one."""
    call_site: str
    """`file:line` of the innermost frame of the user's code; empty if there is none."""
    error: str | None
    """Type and text of the exception; None if the statement succeeded."""
    many: bool = False
    """Sent by `executemany`."""
    attributed: bool = True
    """Whether a context, or the thread that started this one, tells which block it belongs to."""
    stack: tuple[str, ...] = ()
    """Call sites of the user's code, innermost first, across threads and tasks."""
    call: int = 0
    """Equal for statements that one call of Django's sends in batches; 0 for a statement of its own."""
    columns: tuple[tuple[int, int] | None, ...] = ()
    """For each line of the stack the columns of its expression, from 0, in bytes; None before Python 3.11."""
    origin: Origin = Origin()

    def __getitem__(self, key: str) -> str:
        """Text by the keys of Django's log of queries, `sql` and `time`. Raises KeyError for any other key."""
        if key == "sql":
            return self.sql
        if key == "time":
            return f"{self.duration_ms / 1000:.3f}"
        raise KeyError(key)

    def keys(self) -> tuple[str, ...]:
        """The keys that Django's log of queries has: `dict(query)` is such an entry."""
        return ("sql", "time")

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __contains__(self, key: object) -> bool:
        return key in self.keys()

    def get(self, key: str, default: str | None = None) -> str | None:
        """What Django's log of queries holds, or the default."""
        if key not in self.keys():
            return default
        return self[key]
