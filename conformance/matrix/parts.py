"""A matrix in parts, one a machine: what each is told, and how its results are known when they come back."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from conformance import __version__
from conformance.matrix.columns import Column
from conformance.matrix.shards import Shard


@dataclass(frozen=True)
class Part:
    """A column, or a share of it (`2/8`). `python` is a version that its Django supports, `vendor` its database's."""

    name: str
    django: str
    asgiref: str
    database: str
    shard: str
    python: str
    vendor: str
    arguments: str

    @property
    def key(self) -> tuple[tuple[str, str, str], str]:
        """Its column, as it was asked for, and its share."""
        return (self.django, self.asgiref, self.database), self.shard


@dataclass(frozen=True)
class Plan:
    """All parts, and the run that they belong to."""

    suite: str
    catalogue: str
    seed: int
    profile: str
    only: tuple[str, ...]
    parts: tuple[Part, ...]

    def as_dict(self) -> dict[str, Any]:
        """As `plan --format json` prints it."""
        return {**asdict(self), "only": list(self.only), "parts": [asdict(part) for part in self.parts]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Plan:
        """Raises `TypeError` or `KeyError` if a field is missing or unknown."""
        parts = tuple(Part(**part) for part in data["parts"])
        return cls(**{**data, "only": tuple(data["only"]), "parts": parts})


def planned_parts(
    columns: Sequence[Column], shards: int, *, catalogue: str, only: tuple[str, ...], profile: str, seed: int
) -> Plan:
    """Every column in so many shares; `catalogue` is its hash. What no machine can measure has no part."""
    sampling = [word for name in only for word in ("--only", name)] + ["--profile", profile, "--seed", str(seed)]
    possible = [column for column in columns if not column.obstacle]
    parts = (_part(column, Shard(number, shards), sampling) for column in possible for number in range(1, shards + 1))
    return Plan(
        suite=__version__,
        catalogue=catalogue,
        seed=seed,
        profile=profile,
        only=only,
        parts=tuple(parts),
    )


def _part(column: Column, shard: Shard, sampling: Sequence[str]) -> Part:
    django, asgiref, database = column.key
    share = [] if shard.count == 1 else ["--shard", str(shard)]
    name = [f"django-{django}", *([f"asgiref-{asgiref}"] if asgiref else ()), database]
    return Part(
        name="-".join([*name, *([f"{shard.number}of{shard.count}"] if share else ())]),
        django=django,
        asgiref=asgiref,
        database=database,
        shard=str(shard) if share else "",
        python=column.release.pythons[0],
        vendor=column.database.vendor,
        arguments=shlex.join([*_axes(column), *share, *sampling]),
    )


def _axes(column: Column) -> list[str]:
    django, asgiref, database = column.key
    return ["--django", django, *(["--asgiref", asgiref] if asgiref else ()), "--database", database]
