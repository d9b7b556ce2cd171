"""The columns of a matrix: which are asked for, and what is known of each before it is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from conformance.matrix.databases import DATABASES, VARIANTS, Database, usual_databases
from conformance.matrix.djangos import (
    ALL_SERIES,
    ASGIREF_SERIES,
    DEFAULT_SERIES,
    DjangoRelease,
    asgiref_requirement,
    django_release,
)

# The Django on which the minors of asgiref are compared: no other that is still in use accepts as many.
_ASGIREF_ON = "4.2"


@dataclass(frozen=True)
class Column:
    """One Django on one database, with one asgiref; without a name for that, with the newest that Django accepts."""

    release: DjangoRelease
    database: Database
    asgiref: str = ""

    @property
    def title(self) -> str:
        """For people."""
        asgiref = f" with asgiref {self.asgiref}" if self.asgiref else ""
        return f"Django {self.release.version}{asgiref} on {self.database.title}"

    @property
    def key(self) -> tuple[str, str, str]:
        """What was asked for: Django, asgiref and the database's name."""
        return self.release.version, self.asgiref, self.database.name

    @property
    def obstacle(self) -> str:
        """Why no machine can measure it; empty if one can."""
        return self.database.obstacle(self.release)

    @property
    def axes(self) -> dict[str, Any]:
        """The fields of its `Environment` that are known before it is measured."""
        known = {**self.database.axes, "django": self.release.version}
        return {**known, "asgiref": self.asgiref} if self.asgiref else known


def columns_of(versions: Sequence[str], asgirefs: Sequence[str], databases: Sequence[str]) -> tuple[Column, ...]:
    """Every Django with every asgiref on every database, each once however often it was named.

    Where no database is named, each Django is measured in its usual way on each. Raises `SuiteError` (usage).
    """
    for asgiref in asgirefs:
        asgiref_requirement(asgiref)
    found = (
        Column(release, database, asgiref)
        for release in map(django_release, versions or DEFAULT_SERIES)
        for asgiref in asgirefs or ("",)
        for database in _databases(release, databases)
    )
    return tuple(dict.fromkeys(found))


def full_columns() -> tuple[Column, ...]:
    """The whole: every series on every database, every way to a database on the newest, every minor of asgiref."""
    return (
        *columns_of(ALL_SERIES, (), ()),
        *columns_of(ALL_SERIES[-1:], (), VARIANTS),
        *columns_of((_ASGIREF_ON,), ASGIREF_SERIES, ("sqlite",)),
    )


def _databases(release: DjangoRelease, names: Sequence[str]) -> tuple[Database, ...]:
    return tuple(DATABASES[name] for name in names) or usual_databases(release)
