"""One module for each database: `sqlite`, `postgresql`, `mariadb`. Credentials come from the environment."""
