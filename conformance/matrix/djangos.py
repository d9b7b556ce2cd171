"""Django's releases and the Pythons that each supports, as its release notes say."""

from __future__ import annotations

import re
from dataclasses import dataclass

from conformance.case import ExitCode, SuiteError

DEFAULT_SERIES = ("4.2", "5.2", "6.1")
# (oldest, newest) Python minor of each series that this suite runs on. The suite itself needs 3.10.
_PYTHONS = {
    "3.2": (10, 10),
    "4.0": (10, 10),
    "4.1": (10, 11),
    "4.2": (10, 12),
    "5.0": (10, 12),
    "5.1": (10, 13),
    "5.2": (10, 14),
    "6.0": (12, 14),
    "6.1": (12, 14),
}
_VERSION = re.compile(r"\d+\.\d+(\.\d+|(\.\d+)?(a|b|rc)\d+)?")


@dataclass(frozen=True)
class DjangoRelease:
    """A series (`5.2`: its newest release) or one version (`5.2.1`, `6.2rc1`)."""

    version: str
    requirement: str
    pythons: tuple[str, ...]


def django_release(version: str) -> DjangoRelease:
    """Pythons come newest first. Raises `SuiteError` (usage) for what is not a version."""
    if not _VERSION.fullmatch(version):
        raise SuiteError(
            f"{version!r} is not a Django version.",
            "Write a series (5.2: its newest release) or a version (5.2.1).",
            ExitCode.USAGE,
        )
    series = ".".join(re.split(r"[.abrc]+", version)[:2])
    # A series that is newer than this suite: its Pythons are not known, so the newest that we run on.
    oldest, newest = _PYTHONS.get(series, _PYTHONS["6.1"])
    requirement = f"Django~={version}.0" if version == series else f"Django=={version}"
    return DjangoRelease(version, requirement, tuple(f"3.{minor}" for minor in range(newest, oldest - 1, -1)))
