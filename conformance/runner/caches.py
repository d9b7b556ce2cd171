"""What is kept from run to run and is no result: outside of the folder in which the suite is started."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path

_PLUGINS = "HYPOTHESIS_NO_PLUGINS"


def cache_folder() -> Path:
    """The suite's part of the user's cache folder; it may not exist yet."""
    return user_cache_path("pytest-async-orm")


def hypothesis_environ(folder: Path | None = None) -> dict[str, str]:
    """A process environment in which Hypothesis keeps what it learns in `folder`, and asks no other package.

    Without one it is the user's, or a cache. What a package has registered with Hypothesis is imported with it: trio,
    which is there for other reasons, takes as long as all of Django, and pytest comes along.
    """
    name = "HYPOTHESIS_STORAGE_DIRECTORY"
    kept = folder or os.environ.get(name) or cache_folder() / "hypothesis"
    return {name: str(kept), _PLUGINS: os.environ.get(_PLUGINS, "1")}
