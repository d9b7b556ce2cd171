"""Statements of the suite's own connection, sent in as few messages as the driver allows.

They go past Django's cursors where that is cheaper: nothing of Django is measured by them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

# A statement with its parameters, `%s` in the place of each.
Sent = tuple[str, Sequence[Any]]
Rows = list[tuple[Any, ...]]


def allow_scripts(connection: Any) -> None:
    """Ask for what a driver does not do unasked, before the connection is opened."""
    if connection.vendor == "mysql" and connection.Database.__name__ == "pymysql":
        client = connection.Database.constants.CLIENT
        # The settings themselves are those of every connection of this alias.
        settings = connection.settings_dict
        flags = settings["OPTIONS"].get("client_flag", client.FOUND_ROWS) | client.MULTI_STATEMENTS
        connection.settings_dict = {**settings, "OPTIONS": {**settings["OPTIONS"], "client_flag": flags}}


def commit_all(connection: Any, statements: Sequence[Sent]) -> None:
    """All of them in one transaction."""
    connection.ensure_connection()
    with connection.wrap_database_errors:
        if connection.vendor == "sqlite":
            _commit_on_sqlite(connection.connection, statements)
        elif _takes_scripts(connection):
            _commit_as_script(connection, statements)
        else:
            _commit_one_by_one(connection, statements)


def read_all(connection: Any, selects: Sequence[str]) -> list[Rows]:
    """The rows of each of them."""
    connection.ensure_connection()
    with connection.wrap_database_errors:
        if connection.vendor == "sqlite":
            return [connection.connection.execute(select).fetchall() for select in selects]
        with connection.cursor() as cursor:
            if _takes_scripts(connection):
                cursor.execute("; ".join(selects))
                return list(_results(cursor))
            return [_one(cursor, select) for select in selects]


def _takes_scripts(connection: Any) -> bool:
    """Whether several statements can be one message, which then gives a result for each."""
    driver, options = connection.Database.__name__, connection.settings_dict["OPTIONS"]
    return driver == "pymysql" or (driver == "psycopg" and not options.get("server_side_binding"))


def _commit_on_sqlite(raw: Any, statements: Sequence[Sent]) -> None:
    """Each is sent by itself, because the driver keeps what it has compiled."""
    raw.execute("BEGIN")
    try:
        for sql, parameters in statements:
            raw.execute(sql.replace("%s", "?"), parameters)
        # Refused where another connection still reads.
        raw.commit()
    except BaseException:
        raw.rollback()
        raise


def _commit_as_script(connection: Any, statements: Sequence[Sent]) -> None:
    with connection.cursor() as cursor:
        # With its parameters inside, each is text.
        texts = [cursor.mogrify(sql, parameters) if parameters else sql for sql, parameters in statements]
        try:
            cursor.execute("; ".join(("BEGIN", *texts, "COMMIT")))
            # A driver may tell only then that a later one was refused.
            while cursor.nextset():
                pass
        except BaseException:
            connection.connection.rollback()
            raise


def _commit_one_by_one(connection: Any, statements: Sequence[Sent]) -> None:
    connection.set_autocommit(False)
    try:
        with connection.cursor() as cursor:
            for sql, parameters in statements:
                cursor.execute(sql, parameters or None)
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    finally:
        connection.set_autocommit(True)


def _results(cursor: Any) -> Iterator[Rows]:
    yield cursor.fetchall()
    while cursor.nextset():
        yield cursor.fetchall()


def _one(cursor: Any, select: str) -> Rows:
    cursor.execute(select)
    return list(cursor.fetchall())
