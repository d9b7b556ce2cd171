"""An observer's connection, which no code under test can reach, and what the server says of all connections."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from django.db import connections

_SESSIONS = {
    # All but the observer's own.
    "postgresql": "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend'",
    "mysql": "SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()",
}


class Observer:
    """Plain SQL, autocommitted."""

    def __init__(self) -> None:
        found = connections["default"]
        # Without a pool: in that, it would share connections with the code under test.
        options = {name: value for name, value in found.settings_dict["OPTIONS"].items() if name != "pool"}
        self._connection = type(found)({**found.settings_dict, "OPTIONS": options}, found.alias)
        self.vendor = found.vendor

    def rows(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(sql, params)
            return [tuple(row) for row in cursor.fetchall()]

    def value(self, sql: str, *params: Any) -> Any:
        return self.rows(sql, *params)[0][0]

    def count(self, table: str) -> int:
        return int(self.value(f"SELECT COUNT(*) FROM sample_app_{table}"))

    def counts(self) -> tuple[int, int]:
        """How many posts and comments there are."""
        return self.count("post"), self.count("comment")

    def sessions(self) -> int:
        """How many connections other than this one are open to the database, by what the server says."""
        return int(self.value(_SESSIONS[self.vendor]))

    def sessions_at_most(self, most: int) -> bool:
        """Whether it comes to that within a moment: a session ends after its client is gone, and nobody is told."""
        deadline = time.monotonic() + 5
        while self.sessions() > most:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def close(self) -> None:
        self._connection.close()


def open_files(path: Path, pid: int) -> int:
    """How often a process has a file open: what an embedded database has instead of sessions."""
    links = Path(f"/proc/{pid}/fd").iterdir()
    return sum(os.path.realpath(link) == os.path.realpath(path) for link in links)
