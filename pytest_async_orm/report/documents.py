"""The whole session as plain data, which JSON can hold."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

SCHEMA = 2
_PACKAGES = ("django", "asgiref", "pytest", "pytest-django", "pytest-asyncio", "pytest-async-orm")


def session_document(
    tests: Sequence[dict[str, Any]], leaks: Mapping[str, Any], notices: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """The whole session, as `--async-orm-report` writes it."""
    return {
        "schema": SCHEMA,
        "environment": environment_document(),
        "queries": sorted(tests, key=lambda test: str(test["test"])),
        "leaks": leaks.get("leaks", []),
        "connections": leaks.get("connections", []),
        "census": leaks.get("census", []),
        "notices": list(notices),
    }


def environment_document() -> dict[str, Any]:
    """Versions, and the databases by alias and vendor."""
    found: dict[str, Any] = {"python": ".".join(map(str, sys.version_info[:3]))}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    found["databases"] = _databases()
    return found


def _databases() -> dict[str, str]:
    from django.conf import settings

    if not settings.configured:
        return {}
    return {alias: str(database["ENGINE"]) for alias, database in settings.DATABASES.items()}
