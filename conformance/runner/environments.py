"""Virtual environments, one for each Django: built once, kept, and used again while the same things go in."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from conformance.case import ExitCode, SuiteError
from conformance.matrix import COMMON_EXTRAS, DjangoRelease, asgiref_requirement
from conformance.runner.caches import hypothesis_environ
from conformance.runner.floors import driver_requirements, own_requirements
from conformance.runner.installing import reason, remedy
from conformance.runner.interpreters import find_python
from conformance.runner.packages import unwritable

# What a worker imports beside Django and the drivers.
_WORKER_IMPORTS = ("hypothesis", "tomli")
_BUILT = "built.json"

# Told of each installer's process, so that another thread can end it.
Started = Callable[["subprocess.Popen[str]"], Any]


@dataclass(frozen=True)
class Recipe:
    """What goes into an environment; equal recipes share one."""

    name: str
    python: str
    requirements: tuple[str, ...]

    @property
    def folder(self) -> str:
        """The name of its folder."""
        text = json.dumps([self.python, self.requirements])
        return f"{self.name}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"


def recipe_for(release: DjangoRelease, asgiref: str = "", extras: Sequence[str] = COMMON_EXTRAS) -> Recipe:
    """The environment that measures a Django, with the asgiref and the drivers that the suite's extras bring.

    Raises `SuiteError` (setup) if no Python here supports it, or the suite is not installed.
    """
    drivers = {needed for extra in extras for needed in driver_requirements(extra)}
    pinned = (asgiref_requirement(asgiref),) if asgiref else ()
    own = () if tuple(extras) == COMMON_EXTRAS else extras
    return Recipe(
        name="-".join((f"django-{release.version}", *([f"asgiref-{asgiref}"] if asgiref else ()), *own)),
        python=find_python(release.pythons, wanted_by=f"Django {release.version}"),
        requirements=(release.requirement, *pinned, *sorted(drivers), *own_requirements(*_WORKER_IMPORTS)),
    )


def environment_python(recipe: Recipe, root: Path, started: Started = lambda _: None) -> str:
    """The interpreter of the recipe's environment below `root`, built if it is not there yet.

    Two processes may ask at once. Raises `SuiteError` (setup) with the installer's last lines if it cannot be built.
    """
    folder = root / recipe.folder
    try:
        root.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            if not _is_built(folder):
                shutil.rmtree(folder, ignore_errors=True)
                _build(recipe, folder, started)
                (folder / _BUILT).write_text(json.dumps(recipe.requirements))
    except OSError as error:
        raise unwritable(root, error) from error
    return str(_python_of(folder))


def worker_environ(packages: Path) -> dict[str, str]:
    """The process environment of a worker: this one's, with nothing on the path but the suite and the sample app."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {**kept, **hypothesis_environ(packages / "cache"), "PYTHONPATH": str(packages), "PYTHONHASHSEED": "0"}


def _is_built(folder: Path) -> bool:
    # The Python that it was built from may have been removed since.
    return (folder / _BUILT).exists() and _python_of(folder).exists()


def _build(recipe: Recipe, folder: Path, started: Started) -> None:
    uv = _uv()
    if uv:
        create = [*uv, "venv", "--quiet", "--no-project", "--python", recipe.python, str(folder)]
        # Nine workers would each compile Django for themselves.
        install = [*uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(_python_of(folder))]
    else:
        create = [recipe.python, "-m", "venv", str(folder)]
        install = [str(_python_of(folder)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for command in (create, [*install, *recipe.requirements]):
        _run(recipe, command, started)


def installer() -> str:
    """What installs: `uv` where it is found, else `pip`."""
    return "uv" if _uv() else "pip"


def _uv() -> list[str] | None:
    if importlib.util.find_spec("uv"):
        return [sys.executable, "-m", "uv"]
    found = shutil.which("uv")
    return [found] if found else None


def _python_of(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _run(recipe: Recipe, command: Sequence[str], started: Started) -> None:
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        started(process)
        output, _ = process.communicate()
    if process.returncode != 0:
        raise SuiteError(
            f"The environment {recipe.name} ({', '.join(recipe.requirements)}) cannot be built:\n{reason(output)}",
            remedy(output),
            ExitCode.HARNESS,
        )
