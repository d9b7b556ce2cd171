"""Findings, as plain data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet

from conformance.environment import Environment


@dataclass(frozen=True)
class DjangoFinding:
    """One thing that is wrong in Django: what, in which versions, and the verdicts that it leads to, by cell.

    A verdict that differs from database to database is written `silent or fail`.

    `says` is the sentence of the documentation that it contradicts; empty where the documentation is silent, and then
    `missing` is what it does not say. `link` is the place of either. `django` and `python` are version specifiers;
    without one for Python, it is in all.
    """

    id: str
    claim: str
    link: str
    django: str
    cells: tuple[tuple[str, str], ...]
    says: str = ""
    missing: str = ""
    python: str = ""

    @property
    def package(self) -> str:
        """What is wrong: `Django` or `asgiref`."""
        return "asgiref" if self.id.startswith("asgiref.") else "Django"

    @property
    def versions(self) -> str:
        """What is wrong, with its versions: `Django >=5.1`, or `asgiref with Django >=3.2 on Python <3.12.6`."""
        other = f"{self.package} with " if self.package != "Django" else ""
        return f"{other}Django {self.django}" + (f" on Python {self.python}" if self.python else "")

    def explains(self, cell: str, verdict: str, environment: Environment) -> bool:
        """Whether this verdict of the cell, in that environment, is this finding."""
        if not any(name == cell and verdict in of.split(" or ") for name, of in self.cells):
            return False
        return self.is_in(environment.django, environment.python)

    def is_in(self, django: str, python: str) -> bool:
        """Whether that version of Django has it, on that Python. Raises `InvalidVersion` for what is no version."""
        wanted = ((self.django, django), (self.python, python))
        return all(SpecifierSet(said).contains(version, prereleases=True) for said, version in wanted)

    def has(self, cell: str) -> bool:
        """Whether it leads to a verdict of the cell."""
        return any(name == cell for name, _ in self.cells)


@dataclass(frozen=True)
class Findings:
    """All of them, in the order of their file."""

    all: tuple[DjangoFinding, ...] = ()

    def __iter__(self) -> Iterator[DjangoFinding]:
        return iter(self.all)

    def explaining(self, cell: str, verdict: str, environment: Environment) -> DjangoFinding | None:
        """The one that explains the verdict in that environment; None if it is no finding of Django's."""
        return next((each for each in self.all if each.explains(cell, verdict, environment)), None)

    def of(self, cell: str) -> DjangoFinding | None:
        """The first that leads to a verdict of the cell, in whichever version."""
        return next((each for each in self.all if each.has(cell)), None)
