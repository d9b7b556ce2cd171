"""The judgement: what a test, or the session, left open."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from dataclasses import replace

from pytest_async_orm.frames.source import source_line
from pytest_async_orm.leaks.census import take_census
from pytest_async_orm.leaks.coroutines import Coroutines, Unawaited
from pytest_async_orm.leaks.generators import Generators, OpenGenerator
from pytest_async_orm.leaks.kinds import belongs_to_session, cause_of, kind_of
from pytest_async_orm.leaks.ledger import Ledger
from pytest_async_orm.leaks.opened_connection import OpenedConnection
from pytest_async_orm.leaks.pools import Slot, Slots
from pytest_async_orm.leaks.waiting import settle
from pytest_async_orm.messages import leaks as messages
from pytest_async_orm.patches.process import PROCESS
from pytest_async_orm.records import Census, ConnectionRecord, Leak, LeakKind


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
        settle([opened for opened in fresh if not belongs_to_session(opened)])
        leaks = self._connections(fresh, wait=True)
        if passed and (generators or _cursors(fresh)):
            # What only a reference cycle holds counts as closed: a running loop would have closed it by now.
            gc.collect()
            leaks += of_generators([generator for generator in generators if generator.is_open], fresh)
            leaks += of_cursors(fresh, {leak.opened_at for leak in leaks})
        return [*leaks, *of_coroutines(coroutines), *of_slots(slots)]

    def census(self) -> list[Census]:
        """Ask the servers on which something real was left; a leak is rare, so this is affordable."""
        aliases = sorted({opened.alias for opened in self.seen if opened.reported and not opened.virtual})
        return [] if self._over or not aliases else take_census(aliases)

    def last_census(self) -> None:
        """Ask every server, while there are test databases, and remember what is about to be closed."""
        self.censuses = take_census()
        self._over = True
        PROCESS.one(Ledger).observe()

    def records(self) -> list[ConnectionRecord]:
        """What the last judgement looked at, as facts: not asgiref's own connection of each sandbox."""
        shown = [opened for opened in self.seen if not (opened.virtual and opened.owned) or opened.reported]
        return [opened.record(_root(), stack=False) for opened in shown]

    def let_go(self) -> None:
        """Keep nothing more of the test than its facts."""
        PROCESS.one(Ledger).retire(self.seen)

    def session(self) -> list[Leak]:
        """What was left to the session's end, by wider fixtures and by work that outlived its test."""
        pending, self._pending = [*self._pending, *PROCESS.one(Ledger).take_fresh()], []
        self.seen = pending
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
            opened.reported = True
            leaks.append(leak_of(opened, kind))
        return leaks


def _root() -> str:
    return PROCESS.one(Ledger).root


def _is_in_order(opened: OpenedConnection) -> bool:
    """Whether there is nothing to judge: the plugin or asgiref closes it, and nothing is open on it."""
    return opened.owned and not opened.cursors and kind_of(opened) is None


def _cursors(openings: Iterable[OpenedConnection]) -> bool:
    return any(opened.open_cursors() for opened in openings)


def leak_of(opened: OpenedConnection, kind: LeakKind) -> Leak:
    """The leak that a connection is, with the line that opened it and the remedy for its kind."""
    return Leak(
        kind=kind,
        opened_at=opened.opened_at(_root()),
        test=opened.test,
        alias=opened.alias,
        vendor=opened.vendor,
        thread_name=opened.thread.name,
        task_name=opened.task_name,
        remedy=messages.remedy(kind, max_age=opened.max_age if opened.of_request else 0, cause=cause_of(opened)),
    )


def of_cursors(openings: Iterable[OpenedConnection], told: set[str]) -> list[Leak]:
    """Cursors of connections that are no leaks themselves, without those at lines that are reported already."""
    leaks = []
    for opened in openings:
        if opened.reported or (opened.closed_time is not None and not opened.by_plugin):
            continue
        lines = [source_line(frame, root=_root()) for frame in opened.open_cursors()]
        leaks += [replace(leak_of(opened, "cursor left open"), opened_at=line) for line in lines if line not in told]
    return leaks


def of_generators(generators: Iterable[OpenGenerator], openings: Iterable[OpenedConnection]) -> list[Leak]:
    """One leak for each generator; none tells its alias, so it is given the test's first, or `default`."""
    vendors = {opened.alias: opened.vendor for opened in openings}
    alias = next(iter(vendors), "default")
    return [
        _plain(generator, alias, vendors.get(alias, ""))
        for generator in generators
    ]  # fmt: skip


def _plain(generator: OpenGenerator, alias: str, vendor: str) -> Leak:
    kind: LeakKind = "async generator left open"
    line = source_line(generator.user_frame, root=_root())
    remedy = messages.remedy(kind, cause="response" if generator.streamed else "")
    return Leak(kind, line, generator.test, alias, vendor, "", generator.task_name, remedy)


def of_coroutines(coroutines: Iterable[Unawaited]) -> list[Leak]:
    """One leak for each coroutine that was never awaited; it used no connection, so it has neither alias nor thread."""
    kind: LeakKind = "ORM coroutine never awaited"
    remedy = messages.remedy(kind)
    return [Leak(kind, dropped.made_at, dropped.test, "", "", "", None, remedy) for dropped in coroutines]


def of_slots(slots: Iterable[Slot]) -> list[Leak]:
    """One leak for each pool slot that was not returned; its alias is the pool's name."""
    kind: LeakKind = "pool slot not returned"
    return [
        Leak(
            kind, source_line(slot.user_frame, root=_root()), slot.test, slot.pool_name, "postgresql",
            slot.thread_name, None, messages.remedy(kind),
        )
        for slot in slots
    ]  # fmt: skip
