"""SQLite: embedded, in files below `SAMPLE_APP_SQLITE_DIR` (default: the working directory)."""

import os
from pathlib import Path
from typing import Any

import django

from sample_app.settings.base import *  # noqa: F403 - settings modules are composed this way

_DIRECTORY = Path(os.environ.get("SAMPLE_APP_SQLITE_DIR", Path.cwd()))
# Several threads write under ASGI: wait for the lock rather than fail at once.
_OPTIONS: dict[str, Any] = {"timeout": 20}
if django.VERSION >= (5, 1):
    # Take the write lock when the transaction begins. A transaction that has read and then writes cannot wait for the
    # lock (two of them would for ever), and fails with "database is locked" at once. Before 5.1 that error stays.
    _OPTIONS["transaction_mode"] = "IMMEDIATE"

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(_DIRECTORY / "sample_app.sqlite3"),
        "OPTIONS": _OPTIONS,
    },
    "other": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(_DIRECTORY / "sample_app_other.sqlite3"),
        "OPTIONS": _OPTIONS,
    },
}
