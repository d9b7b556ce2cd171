"""One connection that was opened, as the ledger keeps it: enough to spell out later, nothing that keeps it alive."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from pytest_async_orm.clock import REAL
from pytest_async_orm.drivers.servers import server_id
from pytest_async_orm.frames.lines import Frame
from pytest_async_orm.frames.source import source_line
from pytest_async_orm.frames.stacks import is_alive

if TYPE_CHECKING:
    from pytest_async_orm.drivers.dialect import Dialect
    from pytest_async_orm.records import ConnectionRecord, SourceLine


class OpenedConnection:
    """Made on the thread that opened the connection."""

    __slots__ = (
        "_wrapper", "alias", "alive_at_end", "belongs_to_session", "by_client", "by_plugin", "closed_from",
        "closed_time", "collected", "cursors", "database", "executor", "from_pool", "in_pool", "max_age",
        "may_be_kept", "of_request", "opened_time", "owned", "registered", "reported", "server_id", "stack", "task",
        "task_name", "test", "thread", "user_frame", "vendor", "virtual", "was_in_transaction",
    )  # fmt: skip

    def __init__(self, wrapper: Any, gone: Callable[[OpenedConnection], None], *, virtual: bool) -> None:
        self._wrapper = weakref.ref(wrapper, lambda _: gone(self))
        self.alias: str = wrapper.alias
        self.vendor: str = wrapper.vendor
        self.database = str(wrapper.settings_dict.get("NAME") or "")
        self.thread = threading.current_thread()
        self.opened_time = REAL.time()
        self.max_age = wrapper.settings_dict.get("CONN_MAX_AGE", 0)
        self.from_pool = has_pool(wrapper)
        # Whether a close may keep the driver's connection: a backend's own pool does.
        self.may_be_kept = self.from_pool or not _closes_as_django(wrapper)
        self.virtual = virtual
        # A virtual one shares a connection that has an opening, and a server id, of its own.
        self.server_id = None if virtual else server_id(wrapper.vendor, wrapper.connection)
        # Whether it is what Django's `connections` gives on its thread; else it is the program's own, such as a copy.
        self.registered = True
        self.owned = False
        self.belongs_to_session = False
        self.test: str | None = None
        self.task: weakref.ref[asyncio.Task[Any]] | None = None
        self.task_name: str | None = None
        self.executor: weakref.ref[Any] | None = None
        # Of a thread other than the main one: whether it is a pool's, or one that asgiref makes for each request, and
        # whether the test's client sent a request on it.
        self.in_pool = self.of_request = self.by_client = False
        self.user_frame: Frame | None = None
        self.stack: Sequence[Frame] = ()
        self.closed_time: float | None = None
        self.closed_from: Frame | None = None
        self.collected = False
        self.by_plugin = False
        self.alive_at_end = False
        self.reported = False
        self.was_in_transaction = False
        # Cursors of the user's that are open, by identity, with the line that made them.
        self.cursors: dict[int, tuple[weakref.ref[Any], Frame | None]] = {}

    @property
    def wrapper(self) -> Any:
        """Django's wrapper of the connection; None once the garbage collector has taken it."""
        return self._wrapper()

    @property
    def was_never_closed(self) -> bool:
        """Whether it needs a close that nobody has called: also where the plugin or the collector did it instead."""
        return self.closed_time is None or self.by_plugin or self.collected

    @property
    def is_physically_open(self) -> bool:
        """Whether the database's server still serves it, as far as this process knows."""
        wrapper = self.wrapper
        if self.virtual or self.closed_time is not None or wrapper is None or wrapper.connection is None:
            return False
        dialect = _dialect_of(wrapper)
        return dialect is None or not dialect.closed()

    @property
    def was_taken_away(self) -> bool:
        """Whether the plugin closed it, or ended its sandbox, before its thread could close it."""
        unclosed = self.closed_time is None or self.collected
        return self.alive_at_end and (self.by_plugin or (self.virtual and unclosed))

    @property
    def is_usable(self) -> bool:
        """Whether its owner can still close it: neither the plugin nor the end of a sandbox has."""
        return self.closed_time is None and not self.virtual

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open on it, or was when the plugin closed it."""
        wrapper = self.wrapper
        if self.closed_time is not None or wrapper is None or wrapper.connection is None:
            return self.was_in_transaction
        return self.was_in_transaction or _in_transaction(wrapper, virtual=self.virtual)

    def open_cursors(self) -> list[Frame | None]:
        """The lines that made the cursors which are open."""
        return [frame for reference, frame in list(self.cursors.values()) if reference() is not None]

    def observe(self) -> None:
        """Remember what the plugin is about to clean away."""
        if self.closed_time is None:
            self.was_in_transaction = self.in_transaction
            self.alive_at_end |= is_alive(self.thread)

    def closed(self, frame: Frame | None, *, by_plugin: bool) -> None:
        """Note the close at this moment and the user's line for it; a close of the user's ends the cursors too."""
        self.closed_time, self.closed_from, self.by_plugin = REAL.time(), frame, by_plugin
        if not by_plugin:
            self.cursors.clear()

    def record(self, root: str, *, stack: bool = True) -> ConnectionRecord:
        """The facts of this moment; the stack takes long to spell out."""
        from pytest_async_orm.records import ConnectionRecord

        closed_at = None if self.closed_time is None else source_line(self.closed_from, root=root)
        return ConnectionRecord(
            alias=self.alias,
            vendor=self.vendor,
            opened_by=self.test,
            opened_at=self.opened_at(root) if stack else source_line(self.user_frame, root=root),
            thread_name=self.thread.name,
            thread_alive=is_alive(self.thread),
            task_name=self.task_name,
            in_transaction=self.in_transaction,
            from_pool=self.from_pool,
            closed_at=closed_at,
            open_cursors=len(self.open_cursors()),
            opened_time=self.opened_time,
            closed_time=self.closed_time,
            virtual=self.virtual,
            owned=self.owned,
        )

    def opened_at(self, root: str) -> SourceLine:
        """The user's line that opened it, relative to a root directory, with the whole stack."""
        return source_line(self.user_frame, self.stack, root)


def has_pool(wrapper: Any) -> bool:
    """Whether a wrapper takes its connections from a psycopg pool (`OPTIONS['pool']`)."""
    options = wrapper.settings_dict.get("OPTIONS") or {}
    return wrapper.vendor == "postgresql" and bool(options.get("pool"))


def _closes_as_django(wrapper: Any) -> bool:
    """Whether the methods that connect and close are Django's own."""
    methods = (getattr(type(wrapper), name, None) for name in ("get_new_connection", "_close"))
    return all(getattr(method, "__module__", "").startswith("django.") for method in methods)


def _in_transaction(wrapper: Any, *, virtual: bool) -> bool:
    if virtual:
        return bool(wrapper.holds_transaction)
    if wrapper.in_atomic_block:
        return not wrapper.closed_in_transaction
    if wrapper.vendor == "mysql":
        # The drivers' word is out of date after a result set; out of autocommit the first statement begins one.
        return not wrapper.autocommit
    dialect = _dialect_of(wrapper)
    return dialect is not None and dialect.is_in_transaction()


def _dialect_of(wrapper: Any) -> Dialect | None:
    from pytest_async_orm.drivers.dialects import dialect_for

    return dialect_for(wrapper.vendor, wrapper.connection)
