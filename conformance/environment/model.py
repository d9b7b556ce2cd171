"""The environment of a result, as plain data: needs neither Django nor a database."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from typing import Any

_PRODUCTS = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "mariadb": "MariaDB", "mysql": "MySQL", "oracle": "Oracle"}


@dataclass(frozen=True, order=True)
class Environment:
    """Every axis of a result. Two results are comparable cell by cell only if their environments are known in full.

    Versions are strings as the packages give them. `variant` says how the database is kept (`file`, `wal` for a file
    with a write-ahead log, `memory`, `server`); `conn_max_age` is in seconds, None for connections that are kept for
    ever. With `server_side_binding` the server puts the parameters into a statement, and not the driver.
    """

    django: str
    asgiref: str
    python: str
    vendor: str
    server_version: str
    driver: str
    driver_version: str
    variant: str
    pooled: bool
    conn_max_age: int | None
    runner: str
    server_side_binding: bool = False

    @cached_property
    def id(self) -> str:
        """A name for files and links: readable, and different for any two environments."""
        text = json.dumps(self.as_dict(), sort_keys=True)
        parts = (f"django-{self.django}", f"{self.vendor}-{self.server_version}", *self._ways, self.runner)
        slug = re.sub(r"[^a-z0-9.]+", "-", "-".join(parts).lower()).strip("-.")
        return f"{slug}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"

    @cached_property
    def django_series(self) -> str:
        """`4.2` for `4.2.30`, `6.1` for `6.1rc1`."""
        return ".".join(str(number) for number in _numbers(self.django)[:2])

    @property
    def database(self) -> str:
        """The database's product name, for people: `PostgreSQL`."""
        return _PRODUCTS.get(self.vendor, self.vendor)

    def __str__(self) -> str:
        """For people, on one line: the axes that most often tell two environments apart."""
        more = (", pooled" if self.pooled else "") + (", server-side binding" if self.server_side_binding else "")
        return (
            f"Django {self.django}, asgiref {self.asgiref}, Python {self.python}, {self.database} {self.server_version}"
            f" {self.variant} ({self.driver} {self.driver_version}{more}), {self.runner}"
        )

    @property
    def _ways(self) -> tuple[str, ...]:
        """What is unusual of how the database is kept and reached, after its driver."""
        kept = (self.variant,) if self.variant in ("memory", "wal") else ()
        pool = ("pool",) if self.pooled else ()
        binding = ("server-side-binding",) if self.server_side_binding else ()
        return (self.driver, *kept, *pool, *binding)

    @property
    def version_key(self) -> tuple[Any, ...]:
        """Sorts environments by Django's version, then by everything else."""
        return (_numbers(self.django), self.vendor, _numbers(self.server_version), _numbers(self.asgiref), self.id)

    def as_dict(self) -> dict[str, Any]:
        """The fields as a result file has them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Environment:
        """Raises `TypeError` if a field is missing or unknown."""
        return cls(**data)


# Reports ask it for each cell of each environment.
@lru_cache(maxsize=1024)
def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))
