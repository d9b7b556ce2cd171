"""The columns of the matrix: one environment each, labelled by what tells it apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from conformance.case import Cell, Measured, Verdict
from conformance.environment import Environment
from conformance.report.reuse import Reuse, days_in_words, days_of, reuse_in
from conformance.results import Results, merge_results

_VENDORS = ("sqlite", "postgresql", "mariadb", "mysql", "oracle")


def _keeping(seconds: int | None) -> str:
    return "for ever" if seconds is None else f"{seconds} s"


# Every axis of an environment, in the order in which people ask for it. A test compares it with the model's fields.
AXES: tuple[tuple[str, str, Callable[[Environment], str]], ...] = (
    ("django", "Django", lambda environment: environment.django),
    ("asgiref", "asgiref", lambda environment: environment.asgiref),
    ("python", "Python", lambda environment: environment.python),
    ("vendor", "Database", lambda environment: environment.database),
    ("server_version", "Database version", lambda environment: environment.server_version),
    ("driver", "Driver", lambda environment: environment.driver),
    ("driver_version", "Driver version", lambda environment: environment.driver_version),
    ("variant", "Kept as", lambda environment: environment.variant),
    ("pooled", "Pool", lambda environment: "yes" if environment.pooled else "no"),
    (
        "server_side_binding",
        "Server-side binding",
        lambda environment: "yes" if environment.server_side_binding else "no",
    ),
    ("conn_max_age", "CONN_MAX_AGE", lambda environment: _keeping(environment.conn_max_age)),
    ("runner", "Coroutines run by", lambda environment: environment.runner),
)
# In a label, these values say by themselves what they are.
_BARE = frozenset({"driver", "variant", "runner"})


@dataclass(frozen=True)
class CheckResult:
    """A planned check in one environment: its verdict, and the attempt that explains it (None if none arrived)."""

    cell: Cell
    verdict: Verdict
    measured: Measured | None
    attempts: tuple[Measured, ...]


@dataclass(frozen=True)
class ReportColumn:
    """One environment. `differs` says what tells it from columns of the same Django series and database.

    `key` is the short label (`5.2`, or `5.2a` and `5.2b`), `checks` holds every planned cell and no other.
    """

    results: Results
    key: str
    differs: tuple[str, ...]
    checks: Mapping[Cell, CheckResult]

    @property
    def environment(self) -> Environment:
        """In what the results were measured."""
        return self.results.environment

    @property
    def id(self) -> str:
        """The environment's id: it names files and anchors."""
        return self.environment.id

    @cached_property
    def short(self) -> str:
        """The part of the id that no other environment has: it names anchors, of which a page has thousands."""
        return f"e{self.id.rpartition('-')[2]}"

    @cached_property
    def series(self) -> str:
        """The Django series, `5.2`."""
        return self.environment.django_series

    @property
    def label(self) -> str:
        """`Django 5.2 on PostgreSQL`, then what differs."""
        base = f"Django {self.series} on {self.environment.database}"
        return ", ".join((base, *self.differs))

    @property
    def missing(self) -> int:
        """How many planned cells have no result."""
        return len(self.results.missing)

    @property
    def partial(self) -> bool:
        """Whether the run ended before its time."""
        return not self.results.complete

    @cached_property
    def reuse(self) -> Reuse:
        """What was taken over from an earlier run."""
        return reuse_in({cell: check.attempts for cell, check in self.checks.items()})

    @cached_property
    def measured(self) -> str:
        """When its results were measured, in words; empty where no file says so."""
        days = days_of(self.results.cells)
        return days_in_words(days) if days else ""


def columns_of(results: Sequence[Results]) -> tuple[ReportColumn, ...]:
    """One column an environment, by database, then by Django version; several files of one environment are merged."""
    merged = sorted(_one_each(results), key=_order)
    return tuple(_column(item, merged) for item in merged)


def _one_each(results: Sequence[Results]) -> list[Results]:
    groups: dict[str, list[Results]] = {}
    for item in results:
        groups.setdefault(item.environment.id, []).append(item)
    return [group[0] if len(group) == 1 else merge_results(group)[0] for group in groups.values()]


def _order(results: Results) -> tuple[object, ...]:
    environment = results.environment
    known = _VENDORS.index(environment.vendor) if environment.vendor in _VENDORS else len(_VENDORS)
    return (known, environment.vendor, environment.version_key)


def _column(results: Results, everything: Sequence[Results]) -> ReportColumn:
    environment = results.environment
    alike = [
        other.environment
        for other in everything
        if (other.environment.vendor, other.environment.django_series)
        == (environment.vendor, environment.django_series)
    ]
    suffix = _letters(alike.index(environment)) if len(alike) > 1 else ""
    return ReportColumn(results, environment.django_series + suffix, _differs(environment, alike), _checks(results))


def _letters(index: int) -> str:
    """a, b, ... z, aa, ab, ..."""
    text = ""
    while index >= 0:
        text = chr(ord("a") + index % 26) + text
        index = index // 26 - 1
    return text


def _differs(environment: Environment, alike: Sequence[Environment]) -> tuple[str, ...]:
    return tuple(
        value(environment) if field in _BARE else f"{name} {value(environment)}"
        for field, name, value in AXES
        if len({value(other) for other in alike}) > 1 and not _repeats_python(field, environment)
    )


def _repeats_python(field: str, environment: Environment) -> bool:
    # The sqlite3 driver comes with Python and has its version.
    return field == "driver_version" and environment.driver_version == environment.python


def _checks(results: Results) -> dict[Cell, CheckResult]:
    cells = dict.fromkeys((*results.planned, *(measured.cell for measured in results.cells)))
    return {
        cell: CheckResult(cell, results.verdict(cell), results.last(cell), tuple(results.attempts(cell)))
        for cell in cells
    }
