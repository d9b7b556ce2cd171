"""A query that a loop repeats."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_async_orm.records.query import Query


@dataclass(frozen=True)
class NPlusOne:
    """One read that one line sent again and again."""

    fingerprint: str
    """The statement without its literals and with every list of values as one."""
    call_site: str
    """`file:line` of the line that sent it."""
    count: int
    """How many calls sent it."""
    loop: str | None
    """`file:line` of the loop; None if the source shows none."""
    remedy: str
    """What to do about it, in one sentence."""
    queries: tuple[Query, ...]
    """All of them, in the order in which they ended."""
