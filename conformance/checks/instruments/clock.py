"""A clock that stands still, and random texts that are the same in every run: only where Django asks for them."""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timezone
from typing import Any
from unittest.mock import patch

# Before `LAST_GENERATED_YEAR`, so that what is computed from it is compared, not masked.
START = datetime(2020, 1, 1, tzinfo=timezone.utc).timestamp()
_CACHE = "django.core.cache.backends.db"
_TIMES = (
    "django.core.cache.backends.base",
    "django.core.cache.backends.locmem",
    "django.core.cache.backends.filebased",
    "django.core.signing",
)
_RANDOM_TEXTS = (
    "django.contrib.sessions.backends.base",
    "django.contrib.auth.hashers",
    "django.middleware.csrf",
)


class StillClock:
    """Stands in for the module `time` where Django has imported it."""

    def __init__(self) -> None:
        # Seconds since the epoch; whoever needs another moment sets it.
        self.seconds = START

    def time(self) -> float:
        """The moment at which it stands."""
        return self.seconds

    def now(self) -> datetime:
        """The same, as `django.utils.timezone.now` gives it."""
        return datetime.fromtimestamp(self.seconds, tz=timezone.utc)

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


class RandomTexts:
    """Stands in for Django's `get_random_string`."""

    def __init__(self) -> None:
        self._given = 0

    def restart(self) -> None:
        """Give the same texts again."""
        self._given = 0

    def __call__(self, length: int, allowed_chars: str = "") -> str:  # noqa: ARG002 - Django's signature
        """The next text."""
        self._given += 1
        return f"r{self._given}".ljust(length, "x")


CLOCK = StillClock()
RANDOM_TEXTS = RandomTexts()


@contextmanager
def still() -> Iterator[None]:
    """While the block runs, Django's caches, signatures, sessions and hashers see this clock and these texts."""
    with ExitStack() as patches:
        for name in _TIMES:
            patches.enter_context(patch.object(importlib.import_module(name), "time", CLOCK))
        for name in _RANDOM_TEXTS:
            patches.enter_context(patch.object(importlib.import_module(name), "get_random_string", RANDOM_TEXTS))
        patches.enter_context(patch("django.utils.timezone.now", CLOCK.now))
        if hasattr(importlib.import_module(_CACHE), "tz_now"):  # from Django 4.1 on; before, it is the name above
            patches.enter_context(patch(f"{_CACHE}.tz_now", CLOCK.now))
        restart()
        yield


def restart() -> None:
    """The moment and the texts of the beginning, for the next side."""
    CLOCK.seconds = START
    RANDOM_TEXTS.restart()
