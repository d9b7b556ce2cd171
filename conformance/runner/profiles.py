"""How much is generated."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """`examples` for each check, and three times as many where they do not show what has to be seen.

    `cell_timeout` is in seconds; a check that takes longer is stopped, and is a `timeout`.
    """

    name: str
    examples: int
    cell_timeout: float


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("smoke", 5, 30),
        Profile("ci", 50, 120),
        Profile("full", 200, 600),
        Profile("nightly", 1000, 3600),
    )
}
