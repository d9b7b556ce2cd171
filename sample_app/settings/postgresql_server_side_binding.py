"""PostgreSQL that puts the parameters into a statement itself, from Django 4.2 on, with psycopg 3.

The server must know the type of each parameter, at which some queries fail that work without it.
"""

from sample_app.settings.postgresql import *  # noqa: F403 - settings modules are composed this way
from sample_app.settings.postgresql import DATABASES as _DATABASES

DATABASES = {
    alias: {**database, "OPTIONS": {**database["OPTIONS"], "server_side_binding": True}}  # type: ignore[dict-item]
    for alias, database in _DATABASES.items()
}
