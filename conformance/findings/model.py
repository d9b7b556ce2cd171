"""Findings, as plain data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet


@dataclass(frozen=True)
class DjangoFinding:
    """One thing that is wrong in Django: what, in which versions, and the verdicts that it leads to, by cell.

    A verdict that differs from database to database is written `silent or fail`.

    `says` is the sentence of the documentation that it contradicts; empty where the documentation is silent, and then
    `missing` is what it does not say. `link` is the place of either.
    """

    id: str
    claim: str
    link: str
    django: str
    cells: tuple[tuple[str, str], ...]
    says: str = ""
    missing: str = ""

    def explains(self, cell: str, verdict: str, django: str) -> bool:
        """Whether this verdict of the cell, on that Django, is this finding."""
        return any(name == cell and verdict in of.split(" or ") for name, of in self.cells) and self.is_in(django)

    def is_in(self, django: str) -> bool:
        """Whether that version of Django has it."""
        return SpecifierSet(self.django).contains(django, prereleases=True)

    def has(self, cell: str) -> bool:
        """Whether it leads to a verdict of the cell."""
        return any(name == cell for name, _ in self.cells)


@dataclass(frozen=True)
class Findings:
    """All of them, in the order of their file."""

    all: tuple[DjangoFinding, ...] = ()

    def __iter__(self) -> Iterator[DjangoFinding]:
        return iter(self.all)

    def explaining(self, cell: str, verdict: str, django: str) -> DjangoFinding | None:
        """The one that explains the verdict; None if it is no finding of Django's."""
        return next((each for each in self.all if each.explains(cell, verdict, django)), None)

    def of(self, cell: str) -> DjangoFinding | None:
        """The first that leads to a verdict of the cell, in whichever version."""
        return next((each for each in self.all if each.has(cell)), None)
