"""Find an interpreter that a Django supports, on a machine that may have several."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from conformance.case import ExitCode, SuiteError


def find_python(versions: Sequence[str], wanted_by: str) -> str:
    """An interpreter of one of the versions (`3.12`): the running one if it is among them, else the first found.

    Looks where virtualenv looks (the path, the system's registry) and below pyenv's and uv's folders. Raises
    `SuiteError` (setup) if there is none.
    """
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    if running in versions:
        # The base interpreter: an environment built from another one would break when that one is removed.
        return str(getattr(sys, "_base_executable", sys.executable))
    for version in versions:
        if found := _discover(version):
            return found
    several = f"{versions[-1]} to {versions[0]}, and this machine has none of them (the suite runs on {running})"
    one = f"{versions[0]}, and this machine has none (the suite runs on {running})"
    raise SuiteError(
        f"{wanted_by} needs Python {one}." if len(versions) == 1 else f"{wanted_by} runs on Python {several}.",
        "Install one (`uv python install`, pyenv, the system's packages), or choose other versions with --django.",
        ExitCode.HARNESS,
    )


def _discover(version: str) -> str | None:
    from python_discovery import get_interpreter

    found = get_interpreter(version, try_first_with=[str(path) for path in _managed(version)])
    return None if found is None else str(found.system_executable or found.executable)


def _managed(version: str) -> list[Path]:
    """Interpreters of version managers, which the path does not show."""
    home = Path.home()
    pyenv = Path(os.environ.get("PYENV_ROOT", home / ".pyenv")) / "versions"
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR", home / ".local/share/uv/python"))
    found = [*pyenv.glob(f"{version}.*/bin/python"), *uv.glob(f"cpython-{version}.*/bin/python{version}")]
    return sorted(found, key=_numbers, reverse=True)


def _numbers(path: Path) -> list[int]:
    """3.10.13 is newer than 3.10.2."""
    return [int(number) for number in re.findall(r"\d+", path.parts[-3])]
