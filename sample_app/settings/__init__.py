"""One module for each way to a database: `sqlite`, `sqlite_immediate`, `postgresql`, `postgresql_pool`, `mariadb`.

Credentials come from the environment.
"""
