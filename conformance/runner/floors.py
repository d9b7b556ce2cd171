"""What the environments of a matrix need beside Django: what the suite's own metadata requires, and no second list."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, requires

from packaging.requirements import Requirement

from conformance.case import ExitCode, SuiteError

_DISTRIBUTION = "async-orm-conformance"


def own_requirements(*names: str) -> tuple[str, ...]:
    """The suite's dependencies of these names, with the environments that they are for, as `pip install` takes them.

    Raises `SuiteError` (setup) where the suite is not installed.
    """
    return tuple(text for text in _required() if Requirement(text).name in names)


def driver_requirements(extra: str) -> tuple[str, ...]:
    """What an extra of the suite adds, as `pip install` takes it. Raises `SuiteError` (setup) as above."""
    found = []
    for text in _required():
        if _is_of(extra, text):
            requirement = Requirement(text)
            own = requirement.name == _DISTRIBUTION
            found += [needed for more in requirement.extras for needed in driver_requirements(more)] if own else [text]
    return tuple(_without_marker(text) for text in found)


def _required() -> list[str]:
    try:
        return requires(_DISTRIBUTION) or []
    except PackageNotFoundError as error:
        raise SuiteError(
            f"What the environments need is not known: {_DISTRIBUTION} is not installed here.",
            "Install it (`pip install ./conformance` in a clone of the repository), and measure again.",
            ExitCode.HARNESS,
        ) from error


def _is_of(extra: str, text: str) -> bool:
    marker = Requirement(text).marker
    return marker is not None and marker.evaluate({"extra": extra}) and not marker.evaluate({"extra": ""})


def _without_marker(text: str) -> str:
    requirement = Requirement(text)
    requirement.marker = None
    return str(requirement)
