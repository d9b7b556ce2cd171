"""PostgreSQL through psycopg 3, or psycopg2 where that is installed alone. Credentials: libpq's own variables."""

import os

from sample_app.settings.base import *  # noqa: F403 - settings modules are composed this way

_SERVER = {
    "ENGINE": "django.db.backends.postgresql",
    "HOST": os.environ.get("PGHOST", "127.0.0.1"),
    "PORT": os.environ.get("PGPORT", "5432"),
    "USER": os.environ.get("PGUSER", "postgres"),
    "PASSWORD": os.environ.get("PGPASSWORD", ""),
    # Close at the end of the request: under ASGI its thread ends with it, and no other request can have its connection.
    # So there are as many connections as requests at one time, and beyond the server's max_connections a request fails:
    # a pool bounds them.
    "CONN_MAX_AGE": 0,
    # Nothing to check while every request connects anew; with a pool it is what finds the connections that broke.
    "CONN_HEALTH_CHECKS": False,
    "OPTIONS": {
        # A server that does not answer is an error within seconds, not a hang.
        "connect_timeout": 5,
        # So is one that goes away in the middle of a statement (milliseconds; where the system supports it).
        "tcp_user_timeout": 10_000,
    },
}
_NAME = os.environ.get("PGDATABASE", "postgres")

DATABASES = {
    "default": {**_SERVER, "NAME": _NAME},
    "other": {**_SERVER, "NAME": f"{_NAME}_other"},
}
