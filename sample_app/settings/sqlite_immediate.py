"""SQLite for a server: a transaction takes the write lock when it begins, from Django 5.1 on.

One that has read and then writes cannot wait for the lock (two of them would wait for each other for ever), and fails
with "database is locked" at once. Before 5.1 that error stays: nothing is half-done, and the request can be repeated.
"""

from typing import Any

import django

from sample_app.settings.sqlite import *  # noqa: F403 - settings modules are composed this way
from sample_app.settings.sqlite import DATABASES as _DATABASES

_IMMEDIATE: dict[str, Any] = {"transaction_mode": "IMMEDIATE"} if django.VERSION >= (5, 1) else {}

DATABASES = {
    alias: {**database, "OPTIONS": {**database["OPTIONS"], **_IMMEDIATE}}  # type: ignore[dict-item]
    for alias, database in _DATABASES.items()
}
