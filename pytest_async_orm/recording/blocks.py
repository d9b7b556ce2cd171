"""Assertions on the queries of a block, each usable as `with` and as `async with`, also outside pytest.

Django is imported when a block is entered, not before.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from pytest_async_orm import arguments
from pytest_async_orm.errors import NothingRecorded, QueryAssertionError
from pytest_async_orm.frames.never_entered import MustBeEntered
from pytest_async_orm.messages import queries as messages
from pytest_async_orm.recording.log import QueryLog
from pytest_async_orm.records import Kind

if TYPE_CHECKING:
    from pytest_async_orm.recording.recording import Recording

Check = Callable[[QueryLog], "str | None"]
"""Says what is wrong with a log; None if nothing is."""


class QueryBlock(MustBeEntered):
    """Records the queries that its block sends, on any task and thread; checks them at the end.

    It can be entered many times, one after the other.
    """

    def __init__(self, check: Check | None, using: str | None = None, *, stacks: bool = True) -> None:
        arguments.check_alias_early(using)
        self._stacks = stacks
        self._check = check
        self._using = using
        self._recording: Recording | None = None
        # A recording that nobody opens asserts nothing.
        if check is not None:
            self.expect_entry()

    def __enter__(self) -> QueryLog:
        from pytest_async_orm.recording.recording import Recording

        self.note_entry()
        arguments.check_alias(self._using)

        if self._recording is not None:
            raise RuntimeError("this block is open already: make another one for each task and each nested block.")
        self._recording = Recording(stacks=self._stacks)
        self._recording.open()
        return QueryLog(self._recording, self._using)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        recording, self._recording = self._recording, None
        assert recording is not None
        recording.close()
        if kind is None:
            require_something_seen(recording)
            verdict = self._check(QueryLog(recording, self._using)) if self._check is not None else None
            if verdict is not None:
                raise QueryAssertionError(verdict)

    async def __aenter__(self) -> QueryLog:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        self.__exit__(kind, error, traceback)


def require_something_seen(recording: Recording) -> None:
    """Raise `NothingRecorded` if a recording had no connection to watch, or a native one, which cannot be watched."""
    if recording.native:
        raise NothingRecorded(messages.native_connection_used(recording.native))
    if not len(recording) and not recording.saw_connections:
        raise NothingRecorded(messages.nothing_to_watch())


def record_queries(*, using: str | None = None) -> QueryBlock:
    """Record the queries of a block; `as` gives a `QueryLog`, which is complete when the block ends.

    `using` takes those of one alias alone.
    """
    return QueryBlock(None, using)


def assert_num_queries(
    num: int, *, using: str | None = None, table: str | None = None, kind: Kind | None = None
) -> QueryBlock:
    """Exactly `num` queries; of one alias, one table, one kind, if given.

    Counts what Django's `assertNumQueries` counts, but on every alias unless `using` is given. Raises
    `QueryAssertionError` at the end of the block, `NothingRecorded` if there was no connection to watch, TypeError or
    ValueError at once for a bad `num`.
    """
    return _counted("exactly", num, int.__eq__, using, table, kind)


def assert_max_queries(
    num: int, *, using: str | None = None, table: str | None = None, kind: Kind | None = None
) -> QueryBlock:
    """At most `num` queries; otherwise as `assert_num_queries`."""
    return _counted("at most", num, int.__le__, using, table, kind)


def assert_min_queries(
    num: int, *, using: str | None = None, table: str | None = None, kind: Kind | None = None
) -> QueryBlock:
    """At least `num` queries; otherwise as `assert_num_queries`."""
    return _counted("at least", num, int.__ge__, using, table, kind)


def assert_no_queries(*, using: str | None = None, table: str | None = None, kind: Kind | None = None) -> QueryBlock:
    """No query; otherwise as `assert_num_queries`."""
    return assert_num_queries(0, using=using, table=table, kind=kind)


def assert_no_n_plus_one(threshold: int = 2, *, using: str | None = None) -> QueryBlock:
    """No line of the user's code sends one read by more than `threshold` calls. Raises `QueryAssertionError`."""
    return QueryBlock(no_n_plus_one(threshold), using)


def assert_no_duplicates(*, using: str | None = None) -> QueryBlock:
    """No read is sent twice with the same parameters. Raises `QueryAssertionError` at the end of the block."""

    def check(log: QueryLog) -> str | None:
        groups = log.duplicates()
        return messages.duplicates(groups) if groups else None

    return QueryBlock(check, using)


def assert_no_queries_outside_transactions(*, using: str | None = None) -> QueryBlock:
    """Every read and write is sent inside a transaction of the application. Raises `QueryAssertionError`."""

    def check(log: QueryLog) -> str | None:
        found = log.outside_transactions()
        return messages.outside_transactions(found) if found else None

    return QueryBlock(check, using)


def assert_no_slow_queries(milliseconds: float, *, using: str | None = None) -> QueryBlock:
    """No query takes longer than `milliseconds`. Raises `QueryAssertionError` at the end of the block."""

    arguments.check_milliseconds(milliseconds)

    def check(log: QueryLog) -> str | None:
        found = log.slower_than(milliseconds)
        return messages.slower(found, milliseconds) if found else None

    return QueryBlock(check, using)


def _counted(
    relation: str, num: int, holds: Callable[[int, int], bool], using: str | None, table: str | None, kind: Kind | None
) -> QueryBlock:
    return QueryBlock(counting(relation, num, holds, using=using, table=table, kind=kind), using, stacks=False)


def counting(
    relation: str,
    num: int,
    holds: Callable[[int, int], bool],
    *,
    using: str | None = None,
    table: str | None = None,
    kind: Kind | None = None,
) -> Check:
    """The check of a number of queries. Raises TypeError or ValueError for what is no number, and for no kind."""
    arguments.check_number(num)
    arguments.check_kind(kind)
    arguments.check_text_of_table(table)

    def check(log: QueryLog) -> str | None:
        found = log.count(kind=kind, table=table)
        if table is not None and not log.count(table=table):
            arguments.check_table(table)
        if holds(found, num):
            return None
        queries = log.of_table(table) if table else list(log)
        shown = [query for query in queries if kind is None or query.kind == kind]
        first = messages.expected(relation, num, found, messages.narrowed(using, table, kind))
        return messages.with_table(first, shown, found - len(shown))

    return check


def no_n_plus_one(threshold: int) -> Check:
    """The check of loops. Raises TypeError or ValueError for what is no threshold."""
    arguments.check_threshold(threshold)

    def check(log: QueryLog) -> str | None:
        groups = log.n_plus_one(threshold)
        return messages.n_plus_one(groups, threshold) if groups else None

    return check
