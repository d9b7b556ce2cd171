"""Virtual environments, one for each Django: built once, kept, and used again while the same things go in."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from conformance.case import ExitCode, SuiteError
from conformance.matrix import DATABASES, DjangoRelease
from conformance.runner.interpreters import find_python

# What a worker imports beside Django and the drivers.
_SUITE_REQUIREMENTS = ("hypothesis>=6.112", "tomli>=2.0; python_version < '3.11'")
_BUILT = "built.json"
_LAST_LINES = 12


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


def recipe_for(release: DjangoRelease, asgiref: str | None = None) -> Recipe:
    """The environment that measures a Django. Raises `SuiteError` (setup) if no Python here supports it."""
    drivers = [requirement for database in DATABASES.values() for requirement in database.requirements]
    pinned = (f"asgiref=={asgiref}",) if asgiref else ()
    return Recipe(
        name=f"django-{release.version}",
        python=find_python(release.pythons, wanted_by=f"Django {release.version}"),
        requirements=(release.requirement, *pinned, *sorted(drivers), *_SUITE_REQUIREMENTS),
    )


def environment_python(recipe: Recipe, root: Path) -> str:
    """The interpreter of the recipe's environment below `root`, built if it is not there yet.

    Two processes may ask at once. Raises `SuiteError` (setup) with the installer's last lines if it cannot be built.
    """
    folder = root / recipe.folder
    try:
        root.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            if not (folder / _BUILT).exists():
                shutil.rmtree(folder, ignore_errors=True)
                _build(recipe, folder)
                (folder / _BUILT).write_text(json.dumps(recipe.requirements))
    except OSError as error:
        raise SuiteError(
            f"No environment can be built in {root}: {error.strerror or error}.",
            "Name another folder with --environments, or make room and permission there.",
            ExitCode.HARNESS,
        ) from error
    return str(_python_of(folder))


def worker_environ(packages: Path) -> dict[str, str]:
    """The process environment of a worker: this one's, with nothing on the path but the suite and the sample app."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {**kept, "PYTHONPATH": str(packages), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}


def copy_packages(folder: Path) -> Path:
    """Copy the suite and the sample app to a folder of their own: an environment must see them, and no other package
    of the environment that runs this."""
    for name in ("conformance", "sample_app"):
        spec = importlib.util.find_spec(name)
        assert spec is not None and spec.submodule_search_locations
        source = spec.submodule_search_locations[0]
        shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def _build(recipe: Recipe, folder: Path) -> None:
    uv = _uv()
    if uv:
        _run(recipe, [*uv, "venv", "--quiet", "--no-project", "--python", recipe.python, str(folder)])
        install = [*uv, "pip", "install", "--quiet", "--python", str(_python_of(folder))]
    else:
        _run(recipe, [recipe.python, "-m", "venv", str(folder)])
        install = [str(_python_of(folder)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run(recipe, [*install, *recipe.requirements])


def _uv() -> list[str] | None:
    if importlib.util.find_spec("uv"):
        return [sys.executable, "-m", "uv"]
    found = shutil.which("uv")
    return [found] if found else None


def _python_of(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _run(recipe: Recipe, command: Sequence[str]) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-_LAST_LINES:])
        raise SuiteError(
            f"The environment {recipe.name} ({', '.join(recipe.requirements)}) cannot be built:\n{last}",
            "Check the version and the network; the next run tries again, and the other environments go on.",
            ExitCode.HARNESS,
        )
