"""SQLite in memory, for tests: empty when the process begins, gone when it ends.

Django shares it among the threads of a process. They wait for each other's locks on tables, not for a file.
"""

from sample_app.settings.sqlite import *  # noqa: F403 - settings modules are composed this way
from sample_app.settings.sqlite import DATABASES as _DATABASES

DATABASES = {
    alias: {**database, "NAME": f"file:sample_app_{alias}?mode=memory&cache=shared"}
    for alias, database in _DATABASES.items()
}
