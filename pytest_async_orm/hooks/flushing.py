"""The end of tests with real connections."""

from __future__ import annotations

import pytest

from pytest_async_orm.options import flush_mode, lock_timeout
from pytest_async_orm.patches.process import PROCESS


def flush_what_was_touched(config: pytest.Config) -> None:
    """Leave tables without rows alone, unless the ini file asks for Django's own flush."""
    if flush_mode(config) == "touched":
        from pytest_async_orm.flushing.replaced import install

        install(lock_timeout(config))


def reasons() -> list[str]:
    """Why databases were flushed by Django itself at the end of the last test that used them."""
    import sys

    seam = sys.modules.get("pytest_async_orm.flushing.seam")
    if seam is None:
        return []
    outcomes = PROCESS.one(seam.Flushing).outcomes
    return [f"{alias!r}: {outcome.reason}" for alias, outcome in sorted(outcomes.items()) if outcome.reason]
