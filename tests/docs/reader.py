"""Somebody who does what a page says, in an environment that holds what the page told him to install and no more."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.docs.pages import ROOT, commands, fenced, files, named_file

DISTRIBUTIONS = {"pytest-async-orm": ROOT, "async-orm-conformance": ROOT / "conformance"}
"""The folder that each distribution is built from."""
SUITE = "pip install async-orm-conformance"
# What a runner of these tests may have set and a reader has not.
_NOT_THE_READERS = ("CI", "COV_", "DJANGO_", "PYTEST_", "PYTHON", "TOX_", "UV_PROJECT", "UV_PYTHON", "VIRTUAL_ENV")
_PIP = """\
#!/bin/sh
exec {uv} pip "$@"
"""


def uv() -> str:
    """The program that stands for `pip` here: the same packages, in a tenth of the time."""
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.exists() else shutil.which("uv")
    assert found is not None, "uv is among the requirements of the tests"
    return found


def build(folder: Path) -> None:
    """Build the wheel of every distribution into the folder, with the constraints that choose these and no others."""
    for source in DISTRIBUTIONS.values():
        if (source / "pyproject.toml").exists():
            checked([uv(), "build", "--quiet", "--wheel", "--out-dir", str(folder), str(source)])
    pins = [wheel.name.split("-")[:2] for wheel in sorted(folder.glob("*.whl"))]
    lines = [f"{name.replace('_', '-')}=={version}\n" for name, version in pins]
    (folder / "constraints.txt").write_text("".join(lines), "utf-8")


def checked(command: list[str], **environ: str) -> None:
    """Run a command that must succeed. Raises `AssertionError` with what it said if it does not."""
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **environ})
    assert ended.returncode == 0, ended.stdout + ended.stderr


class Reader:
    """A folder to work in, and a virtual environment, made if it is not there. `dist` has this repository's wheels."""

    def __init__(self, home: Path, venv: Path, dist: Path) -> None:
        self.home = home
        self.venv = venv
        if not venv.exists():
            checked([uv(), "venv", "--quiet", "--python", sys.executable, str(venv)])
            pip = venv / "bin/pip"
            pip.write_text(_PIP.format(uv=uv()), "utf-8")
            pip.chmod(0o755)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_THE_READERS)}
        self.environ = {
            **kept,
            "PATH": f"{venv / 'bin'}:/usr/bin:/bin",
            "VIRTUAL_ENV": str(venv),
            # As if both distributions had been published.
            "UV_FIND_LINKS": str(dist),
            "UV_CONSTRAINT": str(dist / "constraints.txt"),
            "COLUMNS": "80",
            "NO_COLOR": "1",
        }

    def take(self, page: Path) -> None:
        """Write the files of another page, on which this one builds."""
        for name, text in files(page).items():
            (self.home / name).write_text(text, "utf-8")

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a line of the page in a shell, with nothing but its output kept."""
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.home,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def install(self, command: str) -> None:
        """Run the page's `pip install …`. Raises `AssertionError` with what it said if it fails."""
        ended = self.run(command)
        assert ended.returncode == 0, ended.stderr

    def follow(self, page: Path) -> Iterator[tuple[str, str, str]]:
        """Write a page's files and run its commands in their order: each command, the shown and the real output."""
        for language, text in fenced(page):
            if language == "console":
                for command, shown in commands(text):
                    yield command, shown, self.run(command).stdout
            elif named := named_file(text):
                (self.home / named).write_text(text, "utf-8")
