"""One module for each way to a database: `sqlite`, `postgresql`, `postgresql_pool`, `mariadb`.

Credentials come from the environment.
"""
