"""In which environments a rule holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from conformance.environment import Environment

# The axes that are compared as versions. All others are compared as they are.
VERSIONS = ("django", "asgiref", "python", "server_version", "driver_version")


@dataclass(frozen=True)
class When:
    """Conditions on the axes of an environment, all of which must hold; none at all hold everywhere."""

    versions: tuple[tuple[str, str], ...] = ()
    values: tuple[tuple[str, tuple[Any, ...]], ...] = ()

    @classmethod
    def from_dict(cls, conditions: Mapping[str, Any]) -> When:
        """Read the `when` of an expectation. Raises `ValueError` for what is not a version specifier."""
        versions = {axis: text for axis, text in conditions.items() if axis in VERSIONS}
        for axis, text in versions.items():
            _check_specifier(axis, text)
        values = {
            axis: tuple(value) if isinstance(value, list) else (value,)
            for axis, value in conditions.items()
            if axis not in VERSIONS
        }
        return cls(tuple(versions.items()), tuple(values.items()))

    def holds_in(self, environment: Environment) -> bool:
        """Whether every condition holds. A pre-release counts as a version like any other."""
        return all(_contains(text, getattr(environment, axis)) for axis, text in self.versions) and all(
            getattr(environment, axis) in wanted for axis, wanted in self.values
        )

    def __str__(self) -> str:
        conditions = [f"{axis} {text}" for axis, text in self.versions]
        conditions += [f"{axis} {' or '.join(map(str, wanted))}" for axis, wanted in self.values]
        return " and ".join(conditions) or "any environment"


def _check_specifier(axis: str, text: str) -> None:
    try:
        SpecifierSet(text)
    except InvalidSpecifier as error:
        raise ValueError(
            f"in when, {axis}: {text!r} is not a version specifier; write one such as '>=4.2,<5.0' or '==6.1.*'"
        ) from error


def _contains(specifier: str, version: str) -> bool:
    # Servers say `16.2 (Debian 16.2-1)`: the numbers that it begins with are the version.
    number = re.match(r"\d+(\.\d+)*((a|b|rc|\.dev)\d+)?", version)
    return number is not None and SpecifierSet(specifier).contains(number[0], prereleases=True)
