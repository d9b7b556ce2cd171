"""What was left open as the records that are told: imported when there is a leak."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pytest_async_orm.frames.source import source_line
from pytest_async_orm.frames.workers import is_idle
from pytest_async_orm.leaks.coroutines import Unawaited
from pytest_async_orm.leaks.generators import OpenGenerator
from pytest_async_orm.leaks.kinds import cause_of
from pytest_async_orm.leaks.ledger import Ledger
from pytest_async_orm.leaks.opened_connection import OpenedConnection
from pytest_async_orm.leaks.pools import Slot
from pytest_async_orm.messages import leaks as messages
from pytest_async_orm.patches.process import PROCESS
from pytest_async_orm.records import Leak, LeakKind


def _root() -> str:
    return PROCESS.one(Ledger).root


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
    """Cursors of connections that are no leaks themselves, without those at lines that are reported already.

    A thread at work may be within the statement, and is to close its cursor yet.
    """
    leaks = []
    for opened in openings:
        if opened.reported or (opened.closed_time is not None and not opened.by_plugin) or not is_idle(opened.thread):
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
