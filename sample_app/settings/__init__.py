"""One module for each way to a database.

`sqlite`, `sqlite_immediate`, `sqlite_memory`, `sqlite_wal`, `postgresql`, `postgresql_pool`,
`postgresql_server_side_binding` and `mariadb`; the driver is the one that is installed.

Credentials come from the environment.
"""
