"""The areas of the catalogue in a reader's order: the ORM, what stands on it, what is below, and other people's."""

from __future__ import annotations

_ORM = ("queryset", "manager", "model", "fields", "inheritance", "related", "one_to_one", "m2m", "generic", "prefetch")
_MODEL_FEATURES = ("composite", "generated", "db_default", "db_deletion", "fetch_modes")
_ALL = (
    *(*_ORM, "routing", "transaction", "concurrency", *_MODEL_FEATURES, "shortcuts", "paginator", "signals"),
    *("auth", "sessions", "cache", "middleware", "views", "http", "responses", "client", "tasks", "context", "asgiref"),
)
# What a text says of Django comes after what Django does.
_LAST = ("workaround", "claim")


def place_of(area: str) -> int:
    """A number that is the higher the later the area comes; areas that are not known come before the last ones."""
    if area in _LAST:
        return len(_ALL) + 1 + _LAST.index(area)
    return _ALL.index(area) if area in _ALL else len(_ALL)
