"""The touched flush and Django's, called as the end of a transactional test calls them."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command

from pytest_async_orm.flushing.flush import Outcome
from pytest_async_orm.flushing.seam import Flushing


def make(seconds: float = 5) -> Flushing:
    """What a session has that waits so long for locks."""
    made = Flushing()
    made.seconds = seconds
    return made


def options(alias: str, **others: Any) -> dict[str, Any]:
    """As Django's transactional tests call the command."""
    given = {"reset_sequences": False, "allow_cascade": False, "inhibit_post_migrate": False}
    return {"verbosity": 0, "interactive": False, "database": alias, **given, **others}


def touched(flushing: Flushing, alias: str, **others: Any) -> Outcome:
    """What the touched flush did."""
    flushing.flush(call_command, options(alias, **others))
    return flushing.outcomes[alias]


def as_django(alias: str, **others: Any) -> None:
    """Django's own flush."""
    call_command("flush", **options(alias, **others))
