"""How each database is asked for the settings of its session, and given them back in as few statements as it takes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

from pytest_async_orm.drivers.dialect import Dialect
from pytest_async_orm.drivers.set_statements import CHARSETS, ISOLATION

Values = dict[str, Any]


class SQLiteSettings:
    """SQLite's, one statement each; and what the others do in other ways."""

    rolls_back = False
    """Whether the end of a transaction or a savepoint takes back what was set within."""
    nothing: Any = None
    """What is read of a setting that nobody has set."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    def ask(self, names: Collection[str]) -> Values:
        """What settings are now. Those that the database does not know are left out, where it says so."""
        found = {}
        for name in names:
            question = "SELECT 'a' NOT LIKE 'A'" if name == "case_sensitive_like" else f"PRAGMA {name}"
            if row := self._dialect.row(question):
                found[name] = row[0]
        return found

    def ask_changed(self) -> dict[str, tuple[Any, Any]]:
        """What is set besides what was named, as far as the database tells: each value, and that without it."""
        return {}

    def together(self, names: Collection[str]) -> Collection[str]:
        """Settings, with those that must be set whenever one of them is."""
        return names

    def restore(self, values: Mapping[str, Any]) -> None:
        """Set settings to values that were read. Raises the driver's error."""
        for name, value in values.items():
            self._dialect.send(f"PRAGMA {name} = {value}")


class PostgreSQLSettings(SQLiteSettings):
    """PostgreSQL's: transactional, and read and set by functions, all in one statement."""

    rolls_back = True
    # A setting with a dot that was ever set in a session is empty from then on and never unknown again.
    nothing = ""

    def ask(self, names: Collection[str]) -> Values:
        """What settings are now."""
        columns = ", ".join(f"current_setting(%s, true) AS s{number}" for number in range(len(names)))
        row = self._dialect.row(f"SELECT {columns}", tuple(names))
        return {name: self.nothing if value is None else value for name, value in zip(names, row, strict=True)}

    def ask_changed(self) -> dict[str, tuple[Any, Any]]:
        """What is set besides what was named: the server lists all but the settings with a dot in their name."""
        rows = self._dialect.rows(
            "SELECT lower(name), current_setting(name), reset_val FROM pg_settings WHERE source = 'session'"
        )
        return {name: (value, without) for name, value, without in rows if not name.startswith("transaction_")}

    def restore(self, values: Mapping[str, Any]) -> None:
        """Set settings to values that were read. Raises the driver's error."""
        given = [(name, value) for name, value in values.items() if name != "role"]
        if "role" in values:
            # A role that may do less may not set the rest.
            given = [("role", "none"), *given, ("role", values["role"])]
        columns = ", ".join("set_config(%s, %s, false)" for _ in given)
        self._dialect.send(f"SELECT {columns}", tuple(part for pair in given for part in pair))


class MySQLSettings(SQLiteSettings):
    """MariaDB's and MySQL's: variables of the session and of the user, in one statement."""

    def ask(self, names: Collection[str]) -> Values:
        """What variables are now. One that is unknown, or has no value for a session, is left out."""
        try:
            return self._ask_at_once(list(names))
        except Exception:  # noqa: BLE001 - each driver has its own
            found: Values = {}
            for name in names:
                with suppress(Exception):
                    found |= self._ask_at_once([name])
            return found

    def _ask_at_once(self, names: list[str]) -> Values:
        if not names:
            return {}
        columns = ", ".join(f"{self._expression(name)} AS s{number}" for number, name in enumerate(names))
        return dict(zip(names, self._dialect.row(f"SELECT {columns}"), strict=True))

    def _expression(self, name: str) -> str:
        return _quoted(name) if name.startswith("@") else f"@@session.{self._variable(name)}"

    def _variable(self, name: str) -> str:
        if name == ISOLATION:
            return "tx_isolation" if self._dialect.is_mariadb() else "transaction_isolation"
        return name

    def together(self, names: Collection[str]) -> Collection[str]:
        """A character set changes its collation."""
        return dict.fromkeys([*names, *CHARSETS]) if set(names) & set(CHARSETS) else names

    def restore(self, values: Mapping[str, Any]) -> None:
        """Set variables to values that were read. Raises the driver's error."""
        assignments = ", ".join(
            f"{_quoted(name) if name.startswith('@') else f'SESSION {self._variable(name)}'} = %s" for name in values
        )
        self._dialect.send(f"SET {assignments}", tuple(values.values()))


def _quoted(variable: str) -> str:
    return "@`" + variable[1:].replace("`", "``") + "`"


def settings_of(vendor: str, dialect: Dialect) -> SQLiteSettings:
    """What asks and sets for a connection."""
    by_vendor = {"postgresql": PostgreSQLSettings, "mysql": MySQLSettings}
    return by_vendor.get(vendor, SQLiteSettings)(dialect)
