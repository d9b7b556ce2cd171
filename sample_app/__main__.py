"""Django's commands for this project: `python -m sample_app COMMAND`, on SQLite unless the settings are named."""

import os

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sample_app.settings.sqlite_immediate")
    execute_from_command_line()
