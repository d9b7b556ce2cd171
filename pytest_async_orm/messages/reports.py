"""What the end of a session says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_async_orm.messages.sandbox import shortened


def short(sql: str) -> str:
    return shortened(sql, 100)


def place(query: Mapping[str, Any]) -> str:
    return query["call_site"] or "no line of yours"


def others(count: int) -> str:
    return "" if count == 0 else f" and {count} other test{'' if count == 1 else 's'}"


def written(option: str, path: str) -> str:
    return f"{option}: written to {path}"


def not_written(path: str, reason: str) -> str:
    return (
        f"async ORM: {path} was not written: {reason}. Make room or name another file; what was there before is kept."
    )
