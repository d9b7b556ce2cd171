"""Tables and text of Markdown that mean themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from conformance.report.clean import clean

_CODE = re.compile(r"(`[^`]+`)")
_SPECIAL = re.compile(r"([\\`*_\[\]~#])")


def head(cells: Sequence[str]) -> Iterator[str]:
    """The first two lines of a table."""
    yield line(cells)
    yield line(["---"] * len(cells))


def line(cells: Iterable[str]) -> str:
    """A row of a table, of cells that are Markdown already."""
    return f"| {' | '.join(cells)} |"


def text(plain: str) -> str:
    """One line that means itself in a table cell; pairs of backticks stay code."""
    parts = _CODE.split(" ".join(clean(plain).split()))
    escaped = (part if _CODE.fullmatch(part) else _escape(part) for part in parts)
    return "".join(escaped).replace("|", "\\|")


def _escape(plain: str) -> str:
    return _SPECIAL.sub(r"\\\1", plain).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
