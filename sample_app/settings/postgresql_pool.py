"""PostgreSQL with connections kept between requests: `OPTIONS["pool"]`, from Django 5.1 on, with psycopg_pool.

This is what `CONN_MAX_AGE` does under WSGI: there is no key `MAX_CONNS` or `MIN_CONNS`.
"""

from typing import Any

from sample_app.settings.postgresql import *  # noqa: F403 - settings modules are composed this way
from sample_app.settings.postgresql import DATABASES as _DATABASES

_POOL = {
    # Kept open while nothing happens.
    "min_size": 2,
    # For each process and each database: all of them together must stay below the server's max_connections. A request
    # has a connection from its first query until its end, and those beyond max_size wait in line for one: of so many at
    # one time, the last waits about (many - max_size) / max_size times as long as a request takes.
    "max_size": 20,
    # A request that gets no connection for so many seconds fails, rather than wait for ever: more than that wait.
    "timeout": 10,
}


def _pooled(database: dict[str, Any]) -> dict[str, Any]:
    return {
        **database,
        # Django refuses a pool beside connections that it keeps itself.
        "CONN_MAX_AGE": 0,
        # Ask each connection whether it still works when it is taken from the pool: after a restart of the server no
        # request gets a dead one.
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **database["OPTIONS"],
            "pool": _POOL,
            # Off, Django's default: on, the server binds the parameters and must know each one's type, at which some
            # queries fail (an expression grouped by that has parameters).
            "server_side_binding": False,
        },
    }


DATABASES = {alias: _pooled(database) for alias, database in _DATABASES.items()}
