"""The flush of one database at the end of one transactional test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any, NamedTuple

from django.apps import apps
from django.core.management.sql import emit_post_migrate_signal
from django.db import DatabaseError

from pytest_async_orm.flushing import made as making
from pytest_async_orm.flushing.asking import Database, NotUnderstood
from pytest_async_orm.messages import flushing as messages


class Outcome(NamedTuple):
    """How a database was flushed."""

    emptied: frozenset[str]
    """The tables that held rows; empty if Django did it."""
    made_again: bool
    """Whether the receivers of `post_migrate` were told."""
    reason: str | None
    """Why Django's own flush was called; None if it was not."""


class Flush:
    """What is known of one alias between the flushes of a session."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._made: making.Made | None = None
        self._imported: list[str] = []

    def forget(self) -> None:
        """Ask anew at the next flush: somebody else has flushed."""
        self._made = None
        self.database.forget()

    def run(self, connection: Any, *, inhibit: bool) -> Outcome:
        """Empty the tables that hold rows, and have made again what Django's receivers would make, unless it is there
        and untouched, or `inhibit`. Raises `NotUnderstood`, or the database's error if a lock is not to be had.
        """
        self._import_receivers()
        tables = connection.introspection.django_table_names()
        filled = {} if inhibit else making.tables_of(connection.alias, tables)
        made = self._made_on(None if inhibit else making.grounds_of(connection.alias, filled))
        with _refusals(self.database), self.database.transaction(connection) as cursor:
            stay = sorted(filled.values()) if made.contents is not None else []
            answer = self.database.ask(connection, cursor, tables, stay)
            stays = (answer.contents or making.no_contents()) == made.contents
            emptied = answer.touched - set(stay if stays else ())
            self.database.empty(connection, cursor, sorted(emptied), stay if stays else ())
        if stays:
            self._made = made
            making.restore(made, filled)
        elif answer.exists and not inhibit:
            self._make(connection, made.grounds, filled)
        return Outcome(frozenset(emptied), not stays and answer.exists and not inhibit, None)

    def _made_on(self, grounds: object | None) -> making.Made:
        """What was made on the same grounds; without contents if nothing was."""
        made, self._made = self._made, None
        if made is None or grounds is None or made.grounds != grounds:
            return making.Made(grounds, None, [])
        return made

    def _import_receivers(self) -> None:
        """As Django does before a flush: modules called `management` may receive `post_migrate`."""
        names = [config.name for config in apps.get_app_configs()]
        if names != self._imported:
            for name in names:
                with suppress(ImportError):
                    import_module(".management", name)
            self._imported = names

    def _make(self, connection: Any, grounds: object | None, filled: dict[str, str]) -> None:
        """Tell the receivers, as Django does, and remember what they made if nobody but Django's own was told."""
        emit_post_migrate_signal(0, False, connection.alias)
        if grounds is not None:
            with suppress(DatabaseError), self.database.transaction(connection) as cursor:
                tables = sorted(filled.values())
                contents = self.database.read(connection, cursor, tables) if tables else making.no_contents()
                self._made = making.remember(grounds, filled, contents)


@contextmanager
def _refusals(database: Database) -> Iterator[None]:
    """Whatever goes wrong, Django's flush is to show it, on a database in which nothing was changed; except a wait for
    a lock, which would begin again.
    """
    try:
        yield
    except NotUnderstood:
        raise
    except Exception as error:
        if database.timed_out(error):
            raise
        raise NotUnderstood(messages.failed(error)) from error
