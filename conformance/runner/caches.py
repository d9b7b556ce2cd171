"""What is kept from run to run and is no result: outside of the folder in which the suite is started."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path


def cache_folder() -> Path:
    """The suite's part of the user's cache folder; it may not exist yet."""
    return user_cache_path("pytest-async-orm")


def hypothesis_environ() -> dict[str, str]:
    """A process environment in which Hypothesis keeps what it learns there, unless the user has named a folder."""
    name = "HYPOTHESIS_STORAGE_DIRECTORY"
    return {name: os.environ.get(name) or str(cache_folder() / "hypothesis")}
