"""How much is generated."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """`examples` for each check; `cell_timeout` in seconds, after which a check is stopped and is a `timeout`."""

    name: str
    examples: int
    cell_timeout: float


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("smoke", 15, 30),
        Profile("ci", 50, 120),
        Profile("full", 200, 600),
        Profile("nightly", 1000, 3600),
    )
}
