"""Releases of Django and of asgiref, and the Pythons that each Django supports, as its release notes say."""

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
ALL_SERIES = tuple(_PYTHONS)
# The release that first supports the newest Python of its series, where that is not the first one.
_NEWEST_PYTHON_SINCE = {"4.1": 3, "4.2": 8, "5.1": 3, "5.2": 8}
# Any pre-release of the series after the newest: whoever asks for `pre` gets the newest of them.
_NEXT = "6.2"
ASGIREF_SERIES = ("3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12")
"""Minors before the newest. Django 4.2 accepts all of them."""
_VERSION = re.compile(r"\d+\.\d+(\.\d+|(\.\d+)?(a|b|rc)\d+)?")
_ASGIREF = re.compile(r"\d+\.\d+(\.\d+)?")


@dataclass(frozen=True)
class DjangoRelease:
    """A series (`5.2`: its newest release), one version (`5.2.1`, `6.2rc1`) or the newest pre-release (`pre`)."""

    version: str
    requirement: str
    pythons: tuple[str, ...]

    def is_at_least(self, series: str) -> bool:
        """Whether it is of this series (`4.2`) or a newer one."""
        return _series(self.version) >= tuple(map(int, series.split(".")))


def django_release(version: str) -> DjangoRelease:
    """Pythons come newest first. Raises `SuiteError` (usage) for what is not a version, or too old."""
    if version == "pre":
        return DjangoRelease(version, f"Django>={_NEXT}a1", _pythons(_PYTHONS["6.1"]))
    if not _VERSION.fullmatch(version):
        raise SuiteError(
            f"{version!r} is not a Django version.",
            "Write a series (5.2: its newest release), a version (5.2.1), or `pre` (the newest pre-release).",
            ExitCode.USAGE,
        )
    if _series(version) < (3, 2):
        raise SuiteError(
            f"Django {version} supports no Python that the suite runs on: 3.10 is its oldest.",
            f"The oldest Django that can be measured is {ALL_SERIES[0]}.",
            ExitCode.USAGE,
        )
    series = ".".join(map(str, _series(version)))
    requirement = f"Django~={version}.0" if version == series else f"Django=={version}"
    return DjangoRelease(version, requirement, _pythons(_supported(version, series)))


def asgiref_requirement(version: str) -> str:
    """What is asked of the installer: a minor is its newest release. Raises `SuiteError` (usage) for no version."""
    if not _ASGIREF.fullmatch(version):
        raise SuiteError(
            f"{version!r} is not an asgiref version.",
            "Write a minor (3.8: its newest release) or a version (3.8.1).",
            ExitCode.USAGE,
        )
    return f"asgiref~={version}.0" if version.count(".") == 1 else f"asgiref=={version}"


def _series(version: str) -> tuple[int, ...]:
    """`pre` is of the series after the newest."""
    major, minor, *_ = re.findall(r"\d+", _NEXT if version == "pre" else version)
    return int(major), int(minor)


def _supported(version: str, series: str) -> tuple[int, int]:
    # A series that is newer than this suite: its Pythons are not known, so the newest that we run on.
    oldest, newest = _PYTHONS.get(series, _PYTHONS["6.1"])
    patch = re.fullmatch(r"\d+\.\d+\.(\d+)", version)
    early = patch is not None and int(patch[1]) < _NEWEST_PYTHON_SINCE.get(series, 0)
    return oldest, newest - early


def _pythons(minors: tuple[int, int]) -> tuple[str, ...]:
    oldest, newest = minors
    return tuple(f"3.{minor}" for minor in range(newest, oldest - 1, -1))
