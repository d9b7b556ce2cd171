"""`assert_no_leaks`: as many connections are open after a block as before it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from types import TracebackType

from asgiref.sync import sync_to_async

from pytest_async_orm.errors import ConnectionsLeaked
from pytest_async_orm.leaks.census import take_census
from pytest_async_orm.leaks.judgement import leak_of
from pytest_async_orm.leaks.kinds import belongs_to_session, kind_of
from pytest_async_orm.leaks.ledger import Ledger
from pytest_async_orm.leaks.opened_connection import OpenedConnection
from pytest_async_orm.leaks.waiting import settle
from pytest_async_orm.leaks.watching import watch
from pytest_async_orm.messages import leaks as messages
from pytest_async_orm.patches.process import PROCESS
from pytest_async_orm.records import Counts


class NoLeaks:
    """A block, for `with` and `async with`, that must close the connections that it opens.

    Raises `ConnectionsLeaked` at its end, with the lines that opened them and a remedy each. In an isolated test
    virtual connections are judged: in production each is one of its own. Tests of real connections
    (`@pytest.mark.django_db(transaction=True)`) count physical ones, and ask the server as well.
    """

    def __init__(self, grace: float) -> None:
        """`grace`: seconds that a server may take to close a connection after it has answered."""
        self.grace = grace
        self._before: set[int] = set()
        self._earlier: list[OpenedConnection] = []
        self._open_then: set[int] = set()

    def __enter__(self) -> NoLeaks:
        watch()
        self._earlier = list(PROCESS.one(Ledger).connections())
        self._before = {id(entry) for entry in self._earlier}
        self._open_then = {id(entry) for entry in self._earlier if _is_open(entry)}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        settle(self._opened(), self.grace)
        self._judge(error)

    async def __aenter__(self) -> NoLeaks:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        # The loop must run: what closes a connection may be a task of this very loop.
        await asyncio.to_thread(settle, self._opened(), self.grace)
        await sync_to_async(self._judge)(error)

    def _opened(self) -> list[OpenedConnection]:
        return [entry for entry in PROCESS.one(Ledger).connections() if id(entry) not in self._before]

    def _leaking(self) -> list[OpenedConnection]:
        return [
            entry
            for entry in self._opened()
            if not (entry.reported or entry.by_plugin or belongs_to_session(entry)) and kind_of(entry) is not None
        ]

    def _counts(self, leaking: list[OpenedConnection]) -> Counts:
        """Of the databases that leak, and real or virtual as what leaks."""
        kinds = {(entry.alias, entry.virtual) for entry in leaking}
        earlier = [entry for entry in self._earlier if (entry.alias, entry.virtual) in kinds]
        opened = [entry for entry in self._opened() if (entry.alias, entry.virtual) in kinds and _is_open(entry)]
        then = [entry for entry in earlier if id(entry) in self._open_then]
        left = sum(map(_is_open, then))
        leaking_now = {id(entry) for entry in leaking if _is_open(entry)}
        return Counts(
            before=len(then),
            after=left + len(opened),
            gone=len(leaking) - len(leaking_now),
            kept=sum(id(entry) not in leaking_now for entry in opened),
            closed=len(then) - left,
        )

    def _judge(self, error: BaseException | None) -> None:
        leaking = self._leaking()
        if not leaking or (error is not None and not isinstance(error, Exception)):
            return
        leaks = [leak_of(entry, kind) for entry in leaking if (kind := kind_of(entry)) is not None]
        text = messages.grew(self._counts(leaking), leaks, _server(leaking))
        for entry in leaking:
            # Told here, so not once more at the test's end.
            entry.reported = True
        raise ConnectionsLeaked(text) from error


def _is_open(entry: OpenedConnection) -> bool:
    return entry.closed_time is None and not entry.collected


def _server(leaking: Iterable[OpenedConnection]) -> list[str]:
    """What the servers say of real connections; of a sandbox's they know nothing."""
    aliases = sorted({entry.alias for entry in leaking if not entry.virtual})
    return [messages.witness(census) for census in take_census(aliases)] if aliases else []
