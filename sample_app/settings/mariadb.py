"""MariaDB and MySQL through mysqlclient, or PyMySQL where mysqlclient is not installed."""

import importlib.util
import os

from sample_app.settings.base import *  # noqa: F403 - settings modules are composed this way

if importlib.util.find_spec("MySQLdb") is None:
    import pymysql

    pymysql.install_as_MySQLdb()

_SERVER = {
    "ENGINE": "django.db.backends.mysql",
    "HOST": os.environ.get("MYSQL_HOST", "127.0.0.1"),
    "PORT": os.environ.get("MYSQL_TCP_PORT", "3306"),
    "USER": os.environ.get("MYSQL_USER", "root"),
    "PASSWORD": os.environ.get("MYSQL_PWD", ""),
    "OPTIONS": {"charset": "utf8mb4", "connect_timeout": 5},
}
# Every Unicode text must survive a round trip, whatever the server's default is.
_TEST = {"CHARSET": "utf8mb4", "COLLATION": "utf8mb4_bin"}
_NAME = os.environ.get("MYSQL_DATABASE", "test")

DATABASES = {
    # A dictionary each: pytest-django writes the name of a worker's database into it.
    "default": {**_SERVER, "NAME": _NAME, "TEST": {**_TEST}},
    "other": {**_SERVER, "NAME": f"{_NAME}_other", "TEST": {**_TEST}},
}
