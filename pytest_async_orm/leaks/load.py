"""`assert_no_leaks`: as many connections are open after a block as before it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from types import TracebackType

from asgiref.sync import sync_to_async

from pytest_async_orm.errors import ConnectionsLeaked
from pytest_async_orm.frames.never_entered import MustBeEntered
from pytest_async_orm.leaks.census import take_census
from pytest_async_orm.leaks.found import leak_of
from pytest_async_orm.leaks.kinds import belongs_to_session, kind_of
from pytest_async_orm.leaks.ledger import Ledger
from pytest_async_orm.leaks.opened_connection import OpenedConnection
from pytest_async_orm.leaks.waiting import settle
from pytest_async_orm.leaks.watching import watch
from pytest_async_orm.messages import leaks as messages
from pytest_async_orm.patches.process import PROCESS
from pytest_async_orm.records import Counts


class NoLeaks(MustBeEntered):
    """A block, for `with` and `async with`, that must close the connections that it opens.

    Raises `ConnectionsLeaked` at its end, with the lines that opened them and a remedy for each. In an isolated test
    virtual connections are judged: in production each is one of its own. Tests of real connections
    (`@pytest.mark.django_db(transaction=True)`) count real ones, and ask the server as well.
    """

    def __init__(self, grace: float) -> None:
        """`grace`: seconds that a server may take to close a connection after it has answered."""
        self.grace = grace
        self.expect_entry()
        self._before: set[int] = set()
        self._earlier: list[OpenedConnection] = []
        self._open_then: set[int] = set()

    def __enter__(self) -> NoLeaks:
        self.note_entry()
        watch()
        self._earlier = list(PROCESS.one(Ledger).connections())
        self._before = {id(opened) for opened in self._earlier}
        self._open_then = {id(opened) for opened in self._earlier if _is_open(opened)}
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
        return [opened for opened in PROCESS.one(Ledger).connections() if id(opened) not in self._before]

    def _leaking(self) -> list[OpenedConnection]:
        return [
            opened
            for opened in self._opened()
            if not (opened.reported or opened.by_plugin or belongs_to_session(opened)) and kind_of(opened) is not None
        ]

    def _counts(self, leaking: list[OpenedConnection]) -> Counts:
        """Of the databases that leak, and real or virtual as what leaks."""
        kinds = {(opened.alias, opened.virtual) for opened in leaking}
        earlier = [opened for opened in self._earlier if (opened.alias, opened.virtual) in kinds]
        openings = [opened for opened in self._opened() if (opened.alias, opened.virtual) in kinds and _is_open(opened)]
        then = [opened for opened in earlier if id(opened) in self._open_then]
        left = sum(map(_is_open, then))
        leaking_now = {id(opened) for opened in leaking if _is_open(opened)}
        return Counts(
            before=len(then),
            after=left + len(openings),
            gone=len(leaking) - len(leaking_now),
            kept=sum(id(opened) not in leaking_now for opened in openings),
            closed=len(then) - left,
        )

    def _judge(self, error: BaseException | None) -> None:
        leaking = self._leaking()
        if not leaking or (error is not None and not isinstance(error, Exception)):
            return
        leaks = [leak_of(opened, kind) for opened in leaking if (kind := kind_of(opened)) is not None]
        text = messages.grew(self._counts(leaking), leaks, _server(leaking))
        for opened in leaking:
            # Reported here, so not again at the test's end.
            opened.reported = True
        raise ConnectionsLeaked(text) from error


def _is_open(opened: OpenedConnection) -> bool:
    return opened.closed_time is None and not opened.collected


def _server(leaking: Iterable[OpenedConnection]) -> list[str]:
    """What the servers say of real connections; of a sandbox's they know nothing."""
    aliases = sorted({opened.alias for opened in leaking if not opened.virtual})
    return [messages.witness(census) for census in take_census(aliases)] if aliases else []
