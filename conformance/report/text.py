"""Texts of the pages: what is escaped, how links, lists and values read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from markupsafe import Markup, escape

from conformance.catalogue import SOURCE_TEXT
from conformance.report.clean import clean

_CODE = re.compile(r"`([^`]+)`")
_SIGNS = {"- ": "minus", "+ ": "plus"}
# What evidence counts, in words: a figure must not read as if it were a check.
EVIDENCE = {
    "statements": "statements of the asynchronous side, over all examples",
    "threads": "threads that they ran on",
    "connections_in_one_example": "connections in one example, at most",
    "overlap": "two statements under way at one time",
    "varied_results": "results that vary from example to example",
    "changed_rows": "examples that changed rows",
    "refusals": "examples that were refused",
    "exceptions": "exceptions that were raised",
    "modelled": "examples of which the reference model says the result",
    "overridden": "examples in which a subclass overrides the method",
    "cancellations": "examples that were cancelled",
    "finished_after_cancel": "cancelled examples that took effect all the same",
    "declared": "declarations that were compared",
    "hops": "hand-overs to a thread in one example, at most",
}


def prose(text: str) -> Markup:
    """Escaped text, with pairs of backticks as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(clean(text)))))


def spec_name(link: str) -> str:
    """What a link into the documentation is called: `docs.djangoproject.com … #aiterator`."""
    page, _, fragment = link.partition("#")
    host = page.removeprefix("https://").partition("/")[0]
    return f"the source text, {fragment}" if page == SOURCE_TEXT else f"{host} #{fragment}"


def spec_link(link: str, root: str) -> str:
    """Where the link leads; a row of the source text stands with the claims."""
    page, _, fragment = link.partition("#")
    return f"{root}claims.html#row-{fragment}" if page == SOURCE_TEXT else link


def compact(value: Any) -> str:
    """A JSON value on one line, as people write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def listed(items: Iterable[str]) -> str:
    """`a, b and c`."""
    *most, last = [*items] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def slug(text: str) -> str:
    """A part of an id: a third-party backend names its vendor as it likes."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def difference_lines(told: str) -> Markup:
    """A difference with its signs as marks that are seen and heard."""
    lines = (_line(line) for line in clean(told).splitlines())
    return Markup("\n").join(lines)


def _line(line: str) -> Markup:
    kind = _SIGNS.get(line[:2])
    if kind is None:
        return escape(line)
    element = "del" if kind == "minus" else "ins"
    return Markup("<{0}>{1}</{0}>").format(element, line)
