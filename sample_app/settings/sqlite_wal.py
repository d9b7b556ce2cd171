"""SQLite with a write-ahead log, from Django 5.1 on: whoever reads does not wait for whoever writes.

Two that write still wait for each other. The log is a file beside the database, so both must be on a local disk.
"""

from sample_app.settings.sqlite import *  # noqa: F403 - settings modules are composed this way
from sample_app.settings.sqlite import DATABASES as _DATABASES

DATABASES = {
    alias: {**database, "OPTIONS": {**database["OPTIONS"], "init_command": "PRAGMA journal_mode = WAL"}}  # type: ignore[dict-item]
    for alias, database in _DATABASES.items()
}
