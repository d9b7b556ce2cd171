"""The natural suite's project, with views that leak and views that do not."""

from natural_settings import *  # noqa: F403 - settings modules are composed this way

ROOT_URLCONF = "corpus_urls"
MIDDLEWARE = ["corpus_middleware.audited"]

# Every leak of a pool's connection costs a slot for good.
for _database in DATABASES.values():  # noqa: F405
    if "pool" in _database.get("OPTIONS", {}):
        _database["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 90}
