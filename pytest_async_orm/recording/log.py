"""What a recording holds, to look at and to ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, overload

from pytest_async_orm import arguments
from pytest_async_orm.recording.fingerprints import fingerprint, kind_of, tables_of
from pytest_async_orm.records import Kind, NPlusOne, Query

if TYPE_CHECKING:
    from pytest_async_orm.recording.recording import Recording


class QueryLog(Sequence[Query]):
    """The queries of one recording, in the order in which they ended: a sequence of `Query`.

    `len(log)` counts every query; of more than 10,000 the first are kept whole, and only they can be looked at:
    `dropped` tells how many were only counted. While its block is open the log grows.
    """

    def __init__(self, recording: Recording, using: str | None = None) -> None:
        self._recording = recording
        self._using = using
        self._resolved: list[Query] = []

    @property
    def recording(self) -> Recording:
        """What it reads from."""
        return self._recording

    def _queries(self) -> list[Query]:
        self._resolved += [raw.query() for raw in self._recording.raw_queries(len(self._resolved))]
        if self._using is None:
            return self._resolved
        return [query for query in self._resolved if query.alias == self._using]

    def __len__(self) -> int:
        if self._using is None:
            return len(self._recording)
        return sum(raw.alias == self._using for raw in self._recording.raw_queries()) + self.dropped

    def __iter__(self) -> Iterator[Query]:
        return iter(self._queries())

    @overload
    def __getitem__(self, index: int) -> Query: ...
    @overload
    def __getitem__(self, index: slice) -> list[Query]: ...
    def __getitem__(self, index: int | slice) -> Query | list[Query]:
        return self._queries()[index]

    def __repr__(self) -> str:
        return f"<QueryLog of {len(self)} queries>"

    @property
    def dropped(self) -> int:
        """How many queries were counted and not kept."""
        return self._beyond()

    @property
    def reads(self) -> list[Query]:
        """The queries that read, of those that were kept."""
        return self.of_kind("read")

    @property
    def writes(self) -> list[Query]:
        """The queries that write, of those that were kept."""
        return self.of_kind("write")

    @property
    def captured_queries(self) -> list[dict[str, str]]:
        """The queries in the form of Django's own `CaptureQueriesContext`: `sql`, and `time` in seconds, as texts."""
        return [{"sql": query["sql"], "time": query["time"]} for query in self]

    def of_kind(self, kind: Kind) -> list[Query]:
        """The queries of one kind, of those that were kept. Raises ValueError for an unknown kind."""
        arguments.check_kind(kind)
        return [query for query in self if query.kind == kind]

    def of_table(self, table: str) -> list[Query]:
        """The queries that name a table of the database (without its schema), of those that were kept.

        Raises TypeError for what is no name.
        """
        arguments.check_text_of_table(table)
        return [query for query in self if table in tables_of(query.fingerprint)]

    def using(self, alias: str) -> QueryLog:
        """The queries of one database. Raises ValueError for an alias that the settings do not have."""
        arguments.check_alias(alias)
        return QueryLog(self._recording, alias)

    def slower_than(self, milliseconds: float) -> list[Query]:
        """The queries that took longer than so many milliseconds, of those that were kept."""
        arguments.check_milliseconds(milliseconds)
        return [query for query in self if query.duration_ms > milliseconds]

    def outside_transactions(self) -> list[Query]:
        """Reads and writes that were sent while the application had no transaction open."""
        return [query for query in self if query.kind in {"read", "write"} and not query.in_transaction]

    def duplicates(self) -> list[list[Query]]:
        """Groups of at least two reads with equal text and parameters on one database."""
        groups: dict[object, list[Query]] = {}
        for query in self.reads:
            groups.setdefault((query.alias, query.sql, repr(query.params)), []).append(query)
        return [group for group in groups.values() if len(group) > 1]

    def n_plus_one(self, threshold: int = 2) -> list[NPlusOne]:
        """Equal reads that one line of the user's code sent by more than `threshold` calls of the ORM."""
        from pytest_async_orm.recording.n_plus_one import find

        arguments.check_threshold(threshold)
        return find(self, threshold)

    def count(self, value: Query | None = None, *, kind: Kind | None = None, table: str | None = None) -> int:
        """How many queries there are, of a kind and of a table if given, those that were not kept included."""
        if value is not None:
            return list(self).count(value)
        arguments.check_kind(kind)
        arguments.check_text_of_table(table)
        if kind is None and table is None:
            return len(self)

        def wanted(sql: str) -> bool:
            return (kind is None or kind_of(sql) == kind) and (table is None or table in tables_of(fingerprint(sql)))

        return sum(wanted(query.sql) for query in self) + self._beyond(wanted)

    def _beyond(self, wanted: Callable[[str], bool] | None = None) -> int:
        beyond = self._recording.beyond
        return sum(
            number
            for (alias, sql), number in list(beyond.items())
            if (self._using is None or alias == self._using) and (wanted is None or wanted(sql))
        )
