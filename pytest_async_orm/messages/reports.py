"""What the end of a session says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pytest_async_orm.messages.sandbox import shortened


def short(sql: str) -> str:
    """A statement in one line of at most 100 characters."""
    return shortened(sql, 100)


def call_site(query: Mapping[str, Any]) -> str:
    """The call site of a query's document, or words that say that there is none."""
    return query["call_site"] or "no line of yours"


def told(text: str, tests: Sequence[str]) -> list[str]:
    """The lines of one notice in the terminal: the text, and the tests that it speaks of without naming them."""
    unnamed = [test for test in tests if test not in text]
    if not unnamed:
        return text.splitlines()
    shown = ", ".join(unnamed[:3]) + (f" and {len(unnamed) - 3} more" if len(unnamed) > 3 else "")
    return [*text.splitlines(), f"    {shown}"]


def others(count: int) -> str:
    """How many other tests, in words with a leading space; empty for none."""
    return "" if count == 0 else f" and {count} other test{'' if count == 1 else 's'}"


def written(option: str, path: str) -> str:
    """The line for a file that an option asked for and that was written."""
    return f"{option}: written to {path}"


def not_written(path: str, reason: str) -> str:
    """The line for a file that could not be written, with the system's reason."""
    return (
        f"async ORM: {path} was not written: {reason}. Make room or name another file; what was there before is kept."
    )


def stack_of_versions(environment: Mapping[str, Any]) -> str:
    """Django, Python and the databases of a session, in one line."""
    named = {"django": "Django", "python": "Python", "pytest": "pytest", "pytest-async-orm": "pytest-async-orm"}
    versions = [f"{name} {environment[key]}" for key, name in named.items() if key in environment]
    databases = sorted({engine.rpartition(".")[2] for engine in environment.get("databases", {}).values()})
    return " · ".join([*versions, *databases])
