"""The connections of this thread, on every Django."""

from __future__ import annotations

from typing import Any


def initialized_connections() -> list[Any]:
    """Those that somebody has asked for. Before Django 4.1 nobody could be asked which: then all, which opens none."""
    from django.db import connections

    try:
        return list(connections.all(initialized_only=True))
    except TypeError:
        return list(connections.all())
