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

        A test that failed keeps its frames for the report, and with them its cursors and generators: those are not
        judged.
        """
        one = PROCESS.one
        fresh = one(Ledger).take_fresh()
        generators, coroutines, slots = one(Generators).take(), one(Coroutines).take(), one(Slots).take()
        self.seen = fresh
        if not (generators or coroutines or slots) and all(map(_is_in_order, fresh)):
            return []
        settle([entry for entry in fresh if not belongs_to_session(entry)])
        leaks = self._connections(fresh, wait=True)
        if passed and (generators or _cursors(fresh)):
            # What only a cycle holds is nobody's: a running loop would have closed it by now.
            gc.collect()
            leaks += of_generators([generator for generator in generators if generator.is_open], fresh)
            leaks += of_cursors(fresh, {leak.opened_at for leak in leaks})
        return [*leaks, *of_coroutines(coroutines), *of_slots(slots)]

    def census(self) -> list[Census]:
        """Ask the servers on which something real was left; a leak is rare, so this is affordable."""
        aliases = sorted({entry.alias for entry in self.seen if entry.reported and not entry.virtual})
        return [] if self._over or not aliases else take_census(aliases)

    def last_census(self) -> None:
        """Ask every server, while there are test databases, and remember what is about to be closed."""
        self.censuses = take_census()
        self._over = True
        PROCESS.one(Ledger).observe()

    def records(self) -> list[ConnectionRecord]:
        """What the last judgement looked at, as facts: not asgiref's own connection of each sandbox."""
        shown = [entry for entry in self.seen if not (entry.virtual and entry.owned) or entry.reported]
        return [entry.record(_root(), stack=False) for entry in shown]

    def let_go(self) -> None:
        """Keep nothing more of the test than its facts."""
        PROCESS.one(Ledger).retire(self.seen)

    def session(self) -> list[Leak]:
        """What was left to the session's end, by wider fixtures and by work that outlived its test."""
        pending, self._pending = [*self._pending, *PROCESS.one(Ledger).take_fresh()], []
        self.seen = pending
        settle(pending)
        return self._connections(pending, wait=False)

    def _connections(self, entries: Iterable[OpenedConnection], *, wait: bool) -> list[Leak]:
        leaks = []
        for entry in entries:
            if entry.reported or (kind := kind_of(entry)) is None:
                continue
            if wait and (entry.test is None or belongs_to_session(entry)):
                if entry.is_usable or entry.test is None:
                    self._pending.append(entry)
                continue
            entry.reported = True
            leaks.append(leak_of(entry, kind))
        return leaks


def _root() -> str:
    return PROCESS.one(Ledger).root


def _is_in_order(entry: OpenedConnection) -> bool:
    """Whether there is nothing to judge: the plugin or asgiref closes it, and nothing is open on it."""
    return entry.owned and not entry.cursors and kind_of(entry) is None


def _cursors(entries: Iterable[OpenedConnection]) -> bool:
    return any(entry.open_cursors() for entry in entries)


def leak_of(entry: OpenedConnection, kind: LeakKind) -> Leak:
    return Leak(
        kind=kind,
        opened_at=entry.opened_at(_root()),
        test=entry.test,
        alias=entry.alias,
        vendor=entry.vendor,
        thread_name=entry.thread.name,
        task_name=entry.task_name,
        remedy=messages.remedy(kind, max_age=entry.max_age if entry.of_request else 0, cause=cause_of(entry)),
    )


def of_cursors(entries: Iterable[OpenedConnection], told: set[str]) -> list[Leak]:
    """Cursors of connections that are in order themselves; a generator that was told of takes its cursor along."""
    leaks = []
    for entry in entries:
        if entry.reported or (entry.closed_time is not None and not entry.by_plugin):
            continue
        lines = [source_line(frame, root=_root()) for frame in entry.open_cursors()]
        leaks += [replace(leak_of(entry, "cursor left open"), opened_at=line) for line in lines if line not in told]
    return leaks


def of_generators(generators: Iterable[OpenGenerator], entries: Iterable[OpenedConnection]) -> list[Leak]:
    vendors = {entry.alias: entry.vendor for entry in entries}
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
    kind: LeakKind = "ORM coroutine never awaited"
    remedy = messages.remedy(kind)
    return [Leak(kind, dropped.made_at, dropped.test, "", "", "", None, remedy) for dropped in coroutines]


def of_slots(slots: Iterable[Slot]) -> list[Leak]:
    kind: LeakKind = "pool slot not returned"
    return [
        Leak(
            kind, source_line(slot.user_frame, root=_root()), slot.test, slot.pool_name, "postgresql",
            slot.thread_name, None, messages.remedy(kind),
        )
        for slot in slots
    ]  # fmt: skip
