"""Waits for locks: they go on while somebody works, and end with the name of a session that was left open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from pytest_async_orm.flushing.asking import Database, Session
from pytest_async_orm.frames.source import source_line
from pytest_async_orm.leaks.closing_ourselves import close_from_here
from pytest_async_orm.leaks.ledger import Ledger
from pytest_async_orm.leaks.opened_connection import OpenedConnection
from pytest_async_orm.messages import flushing as messages
from pytest_async_orm.patches.process import PROCESS

_T = TypeVar("_T")


class Locked(Exception):
    """Sessions that do nothing have locked what was waited for."""

    def __init__(self, found: list[tuple[Session, OpenedConnection | None]]) -> None:
        super().__init__(found)
        self.found = found

    def described(self, database: Database) -> list[str]:
        """What is known of each session."""
        return [
            messages.session(database.name, session.number, session.statement, _opened(opening))
            for session, opening in self.found
        ]

    def close(self) -> bool:
        """Close those that this process has opened, which ends their transactions; whether there were any others."""
        with PROCESS.one(Ledger).closing_ourselves():
            for _, opening in self.found:
                if opening is not None and opening.wrapper is not None:
                    close_from_here(opening.wrapper)
        return all(opening is not None for _, opening in self.found)


def patiently(database: Database, connection: Any, attempt: Callable[[], _T]) -> _T:
    """What an attempt gives; another one after each time-out for as long as all who have locked something work.

    Raises `Locked` if somebody does not, and the error of the attempt if nobody is known to have locked anything, twice
    in a row: who had may have ended just now.
    """
    unknown = False
    while True:
        try:
            return attempt()
        except Exception as error:
            if not database.timed_out(error):
                raise
            found = list(_lockers(database, connection))
            if unknown and not found:
                raise
            unknown = not found
            if not all(session.is_working for session, _ in found):
                raise Locked(found) from error


def _lockers(database: Database, connection: Any) -> Iterator[tuple[Session, OpenedConnection | None]]:
    openings = [opening for opening in PROCESS.one(Ledger).open_connections() if _is_beside(opening, connection)]
    by_number: dict[int | None, OpenedConnection] = {opening.server_id: opening for opening in openings}
    for session in database.lockers(connection):
        yield session, by_number.get(session.number)
    for opening in openings:
        # SQLite has no server that could tell.
        if opening.server_id is None and opening.in_transaction:
            yield Session(None, False, ""), opening


def _is_beside(opening: OpenedConnection, connection: Any) -> bool:
    """Whether it is another connection to the same database."""
    same = opening.vendor == connection.vendor and opening.database == str(connection.settings_dict["NAME"])
    return same and not opening.virtual and opening.wrapper is not connection


def _opened(opening: OpenedConnection | None) -> str:
    if opening is None:
        return ""
    line = source_line(opening.user_frame, root=PROCESS.one(Ledger).root)
    return messages.opened(line, opening.thread.name, opening.test)
