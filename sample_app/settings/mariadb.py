"""MariaDB and MySQL through mysqlclient, or PyMySQL where mysqlclient is not installed."""

import importlib.util
import os

from sample_app.settings.base import *  # noqa: F403 - settings modules are composed this way

_HOST = os.environ.get("MYSQL_HOST", "127.0.0.1")
_PASSWORD = os.environ.get("MYSQL_PWD", "")
_TLS: dict[str, object] = {}
if importlib.util.find_spec("MySQLdb") is None:
    import pymysql

    pymysql.install_as_MySQLdb()
    if not _PASSWORD and (_HOST in ("127.0.0.1", "::1", "localhost") or _HOST.startswith("/")):
        # What does not leave this machine, and is open to everybody on it, needs no TLS, for which PyMySQL would read
        # the system's certificates again at each connection: that takes longer than most requests. A password does:
        # MySQL takes it over TLS, or else by a package that PyMySQL does not bring.
        _TLS["ssl_disabled"] = True

_SERVER = {
    "ENGINE": "django.db.backends.mysql",
    "HOST": _HOST,
    "PORT": os.environ.get("MYSQL_TCP_PORT", "3306"),
    "USER": os.environ.get("MYSQL_USER", "root"),
    "PASSWORD": _PASSWORD,
    # Close at the end of the request: under ASGI its thread ends with it, and no other request can have its connection.
    # So there are as many connections as requests at one time, and beyond the server's max_connections a request fails:
    # `uvicorn --limit-concurrency` bounds them.
    # Django has no pool for this backend; a proxy in front of the server can be one.
    "CONN_MAX_AGE": 0,
    # Nothing to check while every request connects anew.
    "CONN_HEALTH_CHECKS": False,
    "OPTIONS": {
        # Every Unicode text, not the three bytes a character of MySQL's "utf8".
        "charset": "utf8mb4",
        # A server that does not answer, or goes away in the middle of a statement, is an error, not a hang (seconds).
        "connect_timeout": 5,
        "read_timeout": 60,
        "write_timeout": 60,
        # Django's default, said aloud: the server's own, repeatable read, locks the gaps between rows as well.
        "isolation_level": "read committed",
        **_TLS,
    },
}
# Every Unicode text must survive a round trip, whatever the server's default is.
_TEST = {"CHARSET": "utf8mb4", "COLLATION": "utf8mb4_bin"}
_NAME = os.environ.get("MYSQL_DATABASE", "test")

DATABASES = {
    # A dictionary each: pytest-django writes the name of a worker's database into it.
    "default": {**_SERVER, "NAME": _NAME, "TEST": {**_TEST}},
    "other": {**_SERVER, "NAME": f"{_NAME}_other", "TEST": {**_TEST}},
}
