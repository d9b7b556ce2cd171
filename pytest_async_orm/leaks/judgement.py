"""The judgement: what a test, or the session, left open."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pytest_async_orm.leaks.coroutines import Coroutines
from pytest_async_orm.leaks.generators import Generators
from pytest_async_orm.leaks.kinds import belongs_to_session, kind_of
from pytest_async_orm.leaks.ledger import Ledger
from pytest_async_orm.leaks.pools import Slots
from pytest_async_orm.patches.process import PROCESS

if TYPE_CHECKING:
    from pytest_async_orm.leaks.opened_connection import OpenedConnection
    from pytest_async_orm.records import Census, ConnectionRecord, Leak


class Judge:
    """Judges one test after another; keeps what only the session's end can tell."""

    def __init__(self) -> None:
        self._pending: list[OpenedConnection] = []
        self.seen: list[OpenedConnection] = []
        """What the last judgement looked at."""
        self.censuses: list[Census] = []
        """What the servers said last, before the test databases were dropped."""
        self._over = False

    def test(self, *, passed: bool) -> list[Leak]:
        """The leaks of a test that has been torn down.

        The cursors and generators of a test that failed are not judged: its report keeps their frames alive.
        """
        one = PROCESS.one
        fresh = one(Ledger).take_fresh()
        generators, coroutines, slots = one(Generators).take(), one(Coroutines).take(), one(Slots).take()
        self.seen = fresh
        if not (generators or coroutines or slots) and all(map(_is_in_order, fresh)):
            return []
        from pytest_async_orm.leaks.waiting import settle

        settle([opened for opened in fresh if not belongs_to_session(opened)])
        leaks = self._connections(fresh, wait=True)
        if not (leaks or generators or coroutines or slots or _cursors(fresh)):
            return []
        from pytest_async_orm.leaks.found import of_coroutines, of_cursors, of_generators, of_slots

        if passed and (generators or _cursors(fresh)):
            # What only a reference cycle holds counts as closed: a running loop would have closed it by now.
            gc.collect()
            leaks += of_generators([generator for generator in generators if generator.is_open], fresh)
            leaks += of_cursors(fresh, {leak.opened_at for leak in leaks})
        return [*leaks, *of_coroutines(coroutines), *of_slots(slots)]

    def census(self) -> list[Census]:
        """Ask the servers on which something real was left; a leak is rare, so this is affordable."""
        aliases = sorted({opened.alias for opened in self.seen if opened.reported and not opened.virtual})
        return [] if self._over or not aliases else _take_census(aliases)

    def last_census(self) -> None:
        """Ask every server, while there are test databases, and remember what is about to be closed."""
        self.censuses = _take_census(None)
        self._over = True
        PROCESS.one(Ledger).observe()

    def go_on(self) -> None:
        """There are test databases again."""
        self._over = False

    def records(self) -> list[ConnectionRecord]:
        """What the last judgement looked at, as facts: not asgiref's own connection of each sandbox."""
        shown = [opened for opened in self.seen if not (opened.virtual and opened.owned) or opened.reported]
        root = PROCESS.one(Ledger).root
        return [opened.record(root, stack=False) for opened in shown]

    def let_go(self) -> None:
        """Keep nothing more of the test than its facts."""
        PROCESS.one(Ledger).retire(self.seen)

    def session(self) -> list[Leak]:
        """What was left to the session's end, by wider fixtures and by work that outlived its test."""
        pending, self._pending = [*self._pending, *PROCESS.one(Ledger).take_fresh()], []
        self.seen = pending
        if pending:
            from pytest_async_orm.leaks.waiting import settle

            settle(pending)
        return self._connections(pending, wait=False)

    def _connections(self, openings: Iterable[OpenedConnection], *, wait: bool) -> list[Leak]:
        leaks = []
        for opened in openings:
            if opened.reported or (kind := kind_of(opened)) is None:
                continue
            if wait and (opened.test is None or belongs_to_session(opened)):
                if opened.is_usable or opened.test is None:
                    self._pending.append(opened)
                continue
            from pytest_async_orm.leaks.found import leak_of

            opened.reported = True
            leaks.append(leak_of(opened, kind))
        return leaks


def _take_census(aliases: list[str] | None) -> list[Census]:
    from pytest_async_orm.leaks.census import take_census

    return take_census(aliases)


def _is_in_order(opened: OpenedConnection) -> bool:
    """Whether there is nothing to judge: the plugin or asgiref closes it, and nothing is open on it."""
    return opened.owned and not opened.cursors and kind_of(opened) is None


def _cursors(openings: Iterable[OpenedConnection]) -> bool:
    return any(opened.open_cursors() for opened in openings)
