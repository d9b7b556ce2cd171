"""The page of `--async-orm-html`: one file with everything in it, that fetches nothing and needs no server."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from pytest_async_orm.messages.reports import stack_of_versions
from pytest_async_orm.report.packing import Packing

# In the order in which one builds on the other; they share one scope.
_SCRIPTS = (
    *("dom", "data", "sql", "links", "timeline", "tests", "queries", "query"),
    *("session", "leaks", "connections", "main"),
)
# Markup must not end the element that the data is in; half a character is no UTF-8.
_UNSAFE = re.compile("[<>&\u2028\u2029\ud800-\udfff]")


def page(document: Mapping[str, Any]) -> str:
    """The session's document as a page. A key `root` is the folder that its lines are relative to."""
    from django.template import Context, Engine

    assets = files("pytest_async_orm.report") / "assets"
    script = "\n".join((assets / f"{name}.js").read_text("utf-8") for name in _SCRIPTS)
    style = (assets / "page.css").read_text("utf-8")
    script = f'"use strict";\n(() => {{\n{script}}})();\n'
    # An engine of its own: neither the project's templates nor its settings have a say.
    template = Engine(autoescape=True).from_string((assets / "page.html").read_text("utf-8"))
    context = {
        "data": embedded(packed(document)),
        "environment": stack_of_versions(document["environment"]),
        "script": script,
        "script_hash": _hash(script),
        "style": style,
        "style_hash": _hash(style),
    }
    return str(template.render(Context(context, use_l10n=False, use_tz=False)))


def packed(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with its queries in tables and columns."""
    packing = Packing()
    tests = [packing.test(test) for test in document["queries"]]
    rest = {key: value for key, value in document.items() if key != "queries"}
    return {**rest, "tests": tests, **packing.tables()}


def embedded(value: Any) -> str:
    """Compact JSON that no text in it can break out of."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _hash(text: str) -> str:
    """What the page's policy lets run: this text and no other."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
