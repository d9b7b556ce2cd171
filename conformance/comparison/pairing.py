"""Which environment of one side is compared with which of the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence

from conformance.comparison.model import Pair
from conformance.environment import Environment
from conformance.results import Results

Key = Callable[[Environment], Hashable]


def _kept_as(environment: Environment) -> tuple[Hashable, ...]:
    return (environment.vendor, environment.variant, environment.pooled, environment.conn_max_age, environment.runner)


# From the most alike to the least: what has one partner alike is paired, and the rest is asked the next question.
_KEYS: tuple[Key, ...] = (
    lambda environment: environment,
    lambda environment: (environment.django, environment.asgiref, environment.driver, _kept_as(environment)),
    lambda environment: (environment.django_series, environment.asgiref, environment.driver, _kept_as(environment)),
    lambda environment: (environment.django_series, environment.driver, _kept_as(environment)),
    lambda environment: (environment.asgiref, environment.driver, _kept_as(environment)),
    lambda environment: (environment.driver, _kept_as(environment)),
    _kept_as,
    lambda environment: (environment.vendor, environment.variant),
    lambda environment: environment.vendor,
)
# What tells two pairs of one database apart, in the order in which it is tried.
_AXES: tuple[tuple[str, Callable[[Environment], str]], ...] = (
    ("variant", lambda environment: environment.variant),
    ("driver", lambda environment: environment.driver),
    ("pooled", lambda environment: "pooled" if environment.pooled else "no pool"),
    ("conn_max_age", lambda environment: f"CONN_MAX_AGE {environment.conn_max_age}"),
    ("runner", lambda environment: environment.runner),
    ("django_series", lambda environment: f"Django {environment.django_series}"),
    ("asgiref", lambda environment: f"asgiref {environment.asgiref}"),
    ("id", lambda environment: environment.id),
)

Couple = tuple[Results, Results]


def paired(before: Sequence[Results], after: Sequence[Results]) -> tuple[list[Couple], list[Results], list[Results]]:
    """The couples, then what has no partner on either side."""
    left, right, couples = list(before), list(after), []
    for key in _KEYS:
        for couple in _unique(left, right, key):
            couples.append(couple)
            left.remove(couple[0])
            right.remove(couple[1])
    couples.sort(key=lambda couple: (couple[0].environment.database, couple[0].environment.version_key))
    return couples, left, right


def labelled(couples: Sequence[Couple]) -> list[Pair]:
    """The couples' environments, each with a label of its own, as short as the others allow."""
    environments = [couple[0].environment for couple in couples]
    return [
        Pair(_label(environment, environments), environment, couple[1].environment)
        for environment, couple in zip(environments, couples, strict=True)
    ]


def _unique(left: Sequence[Results], right: Sequence[Results], key: Key) -> Iterator[Couple]:
    keys = [Counter(key(results.environment) for results in side) for side in (left, right)]
    partners = {key(results.environment): results for results in right}
    for results in tuple(left):
        found = key(results.environment)
        if all(counted[found] == 1 for counted in keys):
            yield results, partners[found]


def _label(environment: Environment, everything: Sequence[Environment]) -> str:
    alike = [other for other in everything if other.database == environment.database]
    parts = [environment.database]
    for name, words in _AXES:
        if len(alike) > 1 and any(getattr(other, name) != getattr(environment, name) for other in alike):
            alike = [other for other in alike if getattr(other, name) == getattr(environment, name)]
            parts.append(words(environment))
    return ", ".join(parts)
