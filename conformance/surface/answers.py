"""Which entries answer for a name, and which names are left out, each with its reason."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.resources import files

from conformance.case import ExitCode, SuiteError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class Answers:
    """`covered` is from a name to the entries that call it; `excluded` from a pattern of names to the reason."""

    covered: dict[str, tuple[str, ...]]
    excluded: dict[str, str]

    def reason(self, name: str) -> str:
        """Why a name is left out; empty if it is not."""
        return next((reason for pattern, reason in self.excluded.items() if fnmatchcase(name, pattern)), "")


def load_answers() -> Answers:
    """What `surface.toml` says. Raises `SuiteError` (bad input) if it is not TOML."""
    text = (files("conformance.surface") / "surface.toml").read_text("utf-8")
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SuiteError(f"surface.toml cannot be read: {error}.", "Correct it.", ExitCode.BAD_INPUT) from error
    covered = {name: tuple(entries) for name, entries in content["covered"].items()}
    return Answers(covered, content["excluded"])


def unanswered(names: Iterable[str], answers: Answers, entries: Collection[str]) -> list[str]:
    """The names that no entry of the catalogue answers for, and that are not left out."""
    return [
        name
        for name in names
        if not answers.reason(name) and not any(entry in entries for entry in answers.covered.get(name, ()))
    ]
