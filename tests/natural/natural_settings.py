"""A project's settings: the database is named by NATURAL_DATABASE, credentials come from the environment."""

import os
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

_DATABASE = os.environ.get("NATURAL_DATABASE", "sqlite-memory")
_BASE = {"sqlite": "sqlite", "postgresql": "postgresql", "mariadb": "mariadb"}[_DATABASE.partition("-")[0]]
_settings = import_module(f"sample_app.settings.{_BASE}")
globals().update({name: value for name, value in vars(_settings).items() if name.isupper()})

DATABASES: dict[str, Any] = _settings.DATABASES
ROOT_URLCONF = "natural_urls"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    # Its table is made with the test database.
    "database": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "natural_cache"},
}

if _DATABASE == "sqlite-file":
    _directory = Path(os.environ.get("NATURAL_DIRECTORY", tempfile.gettempdir()))
    for _alias, _database in DATABASES.items():
        _database["TEST"] = {"NAME": str(_directory / f"natural_{os.getpid()}_{_alias}.sqlite3")}
if _DATABASE == "postgresql-pool":
    for _database in DATABASES.values():
        _database["OPTIONS"] = {**_database["OPTIONS"], "pool": {"min_size": 1, "max_size": 12}}
