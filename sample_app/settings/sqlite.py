"""SQLite, embedded, in files below `SAMPLE_APP_SQLITE_DIR` (default: the working directory)."""

import os
from pathlib import Path

from sample_app.settings.base import *  # noqa: F403 - settings modules are composed this way

_DIRECTORY = Path(os.environ.get("SAMPLE_APP_SQLITE_DIR", Path.cwd()))

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(_DIRECTORY / "sample_app.sqlite3"),
        # Several threads write under ASGI: wait for the lock rather than fail at once.
        "OPTIONS": {"timeout": 20},
    },
    "other": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(_DIRECTORY / "sample_app_other.sqlite3"),
        "OPTIONS": {"timeout": 20},
    },
}
