"""The releases of a package, asked of PyPI and kept, so that a machine without a network knows those of before."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from conformance.case import ExitCode, SuiteError
from conformance.results.disk import refused, write_atomically

PACKAGES = {"django": "Django", "asgiref": "asgiref"}
PYPI = "https://pypi.org/pypi"
FILE_NAME = "releases.json"
_TIMEOUT = 30.0
_NOT_FOUND = 404


@dataclass(frozen=True)
class ReleaseList:
    """Final releases by package, oldest first, and by exact Django release the asgiref that it accepts."""

    releases: dict[str, list[str]] = field(default_factory=dict)
    accepts: dict[str, str] = field(default_factory=dict)


def version_key(version: str) -> Version:
    """Sorts versions as their numbers are."""
    return Version(version)


def series_of(version: str) -> str:
    """`4.2` for `4.2.30`."""
    return ".".join(map(str, Version(version).release[:2]))


def known_releases(package: str, folder: Path, *, django: str = "", index: str = PYPI) -> tuple[list[str], str]:
    """Every final release of the package, oldest first, and a remark; of asgiref those that this Django accepts.

    Asked of the index, and kept in the folder. Where the index does not answer, what is kept there is taken, and the
    remark says so. Raises `SuiteError` (setup) where nothing is kept either.
    """
    kept = _kept(folder)
    try:
        kept = _with(kept, package, django, index)
        _keep(kept, folder)
        remark = ""
    except (OSError, ValueError, KeyError) as error:
        if package not in kept.releases or (django and django not in kept.accepts):
            raise _unreachable(package, index, error) from error
        remark = f"{index} does not answer ({_problem(error)}): the releases are those that it named before"
    return _accepted_ones(kept, package, django), remark


def kept_releases(package: str, folder: Path, *, django: str = "") -> list[str]:
    """The releases that were known when they were last asked for; none if they never were."""
    return _accepted_ones(_kept(folder), package, django)


def _accepted_ones(kept: ReleaseList, package: str, django: str) -> list[str]:
    accepted = SpecifierSet(kept.accepts.get(django, ""))
    return [version for version in kept.releases.get(package, []) if accepted.contains(version)]


def _with(kept: ReleaseList, package: str, django: str, index: str) -> ReleaseList:
    name = PACKAGES[package]
    found = _final(_asked(f"{index}/{name}/json")["releases"])
    accepts = {**kept.accepts, **({django: _accepted(django, index)} if django else {})}
    return ReleaseList({**kept.releases, package: found}, accepts)


def _final(releases: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Neither pre-releases, nor what was withdrawn, nor what nobody can install."""
    found = [
        version
        for version, files in releases.items()
        if _is_final(version) and any(not file.get("yanked") for file in files)
    ]
    return sorted(found, key=version_key)


def _is_final(text: str) -> bool:
    try:
        version = Version(text)
    except InvalidVersion:
        return False
    return not (version.is_prerelease or version.is_postrelease)


def _accepted(django: str, index: str) -> str:
    """Any asgiref where the index does not tell of single releases: the installer refuses what does not fit."""
    try:
        about = _asked(f"{index}/{PACKAGES['django']}/{django}/json")
    except urllib.error.HTTPError as error:
        if error.code == _NOT_FOUND:
            return ""
        raise
    requires = about["info"]["requires_dist"] or ()
    return next((str(each.specifier) for each in map(Requirement, requires) if each.name == "asgiref"), "")


def _asked(url: str) -> dict[str, Any]:
    if not url.startswith(("https://", "http://", "file://")):
        raise ValueError(f"{url} is not the address of an index")
    request = urllib.request.Request(url, headers={"Accept": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:
            document: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        # It is an answer too, which nobody reads.
        error.close()
        raise
    return document


def _kept(folder: Path) -> ReleaseList:
    try:
        return ReleaseList(**json.loads((folder / FILE_NAME).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return ReleaseList()  # it is asked for again


def _keep(found: ReleaseList, folder: Path) -> None:
    content = json.dumps(asdict(found), indent=1, sort_keys=True) + "\n"
    try:
        write_atomically(folder / FILE_NAME, content.encode())
    except OSError as error:
        raise refused(folder / FILE_NAME, error.strerror or str(error)) from error


def _problem(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"status {error.code}"
    reason = getattr(error, "reason", error)
    return " ".join(str(reason).split())


def _unreachable(package: str, index: str, error: Exception) -> SuiteError:
    return SuiteError(
        f"The releases of {PACKAGES[package]} are not known: {index} does not answer ({_problem(error)}).",
        "Connect to the network, name another index with --index, or name the releases with --release.",
        ExitCode.HARNESS,
    )


def named_releases(versions: Iterable[str]) -> list[str]:
    """Versions that somebody typed, oldest first. Raises `SuiteError` (usage) for what is not one."""
    found = list(dict.fromkeys(versions))
    for version in found:
        if not _is_final(version):
            raise SuiteError(
                f"{version!r} is not a release.", "Write exact versions, such as --release 5.2.1.", ExitCode.USAGE
            )
    return sorted(found, key=version_key)
