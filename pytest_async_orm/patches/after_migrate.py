"""What Django's receivers of `post_migrate` are, and what they leave in memory, read from private names: each seen in
Django 4.2 to 6.1 and pinned by a test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def receivers_of(signal: Any, sender: Any) -> list[Callable[..., Any]]:
    """A signal's receivers for a sender, in the order in which they are called: by `_live_receivers`, which gives sync
    and async ones apart since Django 5.0.
    """
    found = signal._live_receivers(sender)
    return [*found[0], *found[1]] if isinstance(found, tuple) else list(found)


def content_types_in_memory(manager: Any) -> dict[str, dict[Any, Any]]:
    """The content types that a manager of them remembers, by alias: `_cache`, the manager's own dictionary."""
    found: dict[str, dict[Any, Any]] = manager._cache
    return found


def forget_site(primary_key: object) -> None:
    """Forget a site as Django does when it saves one of that key: `SITE_CACHE`, which the manager may replace."""
    from django.contrib.sites import models

    models.SITE_CACHE.pop(primary_key, None)


def own_statements(command: Any) -> Iterator[object]:
    """What the flush command works with: its `handle`, and what it imports for the statements and the signal."""
    from django.core.management.commands import flush

    yield command.handle
    yield from (getattr(flush, name, None) for name in ("sql_flush", "emit_post_migrate_signal"))
