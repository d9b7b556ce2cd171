"""Environments are built once, used again, built anew when half-built, and one at a time."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.case import ExitCode, SuiteError
from conformance.matrix import django_release
from conformance.runner import environments, interpreters
from conformance.runner.environments import Recipe, environment_python, recipe_for, worker_environ
from conformance.runner.packages import copy_packages
from tests.conformance.commands import REPOSITORY

RECIPE = Recipe("test", sys.executable, ("something",))


class Installer:
    """In the place of uv and pip: counts what it is asked, and makes an interpreter."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.commands: list[list[str]] = []
        self.fails = False
        monkeypatch.setattr(environments, "_run", self.run)

    def run(self, recipe: Recipe, command: list[str], started: object) -> None:
        self.commands.append(command)
        if self.fails:
            raise SuiteError("it failed", "try again", ExitCode.HARNESS)
        if "venv" in command:
            (Path(command[-1]) / "bin").mkdir(parents=True)
            (Path(command[-1]) / "bin" / "python").symlink_to(sys.executable)


@pytest.fixture
def installer(monkeypatch: pytest.MonkeyPatch) -> Installer:
    return Installer(monkeypatch)


def test_the_second_time_no_installer_runs(installer: Installer, tmp_path: Path) -> None:
    """Created and filled once; then found."""
    first = environment_python(RECIPE, tmp_path)
    assert len(installer.commands) == 2
    assert environment_python(RECIPE, tmp_path) == first
    assert len(installer.commands) == 2


@pytest.mark.parametrize("change", [{"python": "/other"}, {"requirements": ("something", "else")}, {"name": "other"}])
def test_another_recipe_is_another_environment(change: dict[str, object]) -> None:
    """Whatever goes in is in the folder's name."""
    assert replace(RECIPE, **change).folder != RECIPE.folder  # type: ignore[arg-type]
    assert replace(RECIPE).folder == RECIPE.folder


def test_a_half_built_environment_is_built_anew(installer: Installer, tmp_path: Path) -> None:
    """Interrupted between its two steps, or robbed of the Python that it was built from."""
    installer.fails = True
    with pytest.raises(SuiteError, match="it failed"):
        environment_python(RECIPE, tmp_path)
    installer.fails = False
    (tmp_path / RECIPE.folder).mkdir()
    (tmp_path / RECIPE.folder / "rest").write_text("of an installation")
    python = Path(environment_python(RECIPE, tmp_path))
    assert not (tmp_path / RECIPE.folder / "rest").exists()
    python.unlink()
    assert Path(environment_python(RECIPE, tmp_path)).exists()
    assert len(installer.commands) == 1 + 2 + 2


def test_two_at_once_build_it_once(installer: Installer, tmp_path: Path) -> None:
    """The second waits for the first and finds it built."""
    both = threading.Barrier(2)

    def ask() -> str:
        both.wait(10)
        return environment_python(RECIPE, tmp_path)

    with ThreadPoolExecutor(2) as pool:
        assert len({future.result() for future in [pool.submit(ask), pool.submit(ask)]}) == 1
    assert len(installer.commands) == 2


def test_without_uv_it_is_built_with_venv_and_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For real: an interpreter of its own that has the wheel, and nothing of this environment."""
    monkeypatch.setattr(environments, "_uv", lambda: None)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    recipe = Recipe("pip", interpreters.find_python([_running()], "this test"), (str(_wheel(tmp_path)),))
    python = environment_python(recipe, tmp_path / "environments")
    code = "import greeting, importlib.util as i; print(greeting.TEXT, i.find_spec('django'))"
    done = subprocess.run([python, "-c", code], env={}, capture_output=True, text=True, check=True)
    assert done.stdout == "hello None\n"


def test_an_installer_that_fails_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was asked, the installer's last words, and what happens next."""
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    recipe = replace(RECIPE, python=interpreters.find_python([_running()], "x"), requirements=("no-such-thing==9",))
    with pytest.raises(SuiteError) as caught:
        environment_python(recipe, tmp_path)
    assert caught.value.code is ExitCode.HARNESS
    assert caught.value.message.startswith("The environment test (no-such-thing==9) cannot be built:\n")
    assert "no-such-thing" in caught.value.message.split("\n", 1)[1]
    assert caught.value.remedy == (
        "Check the version and the network; the next run tries again, and the other environments go on."
    )


def test_a_django_without_a_python_says_which_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The versions that it runs on, the one that runs, and how to get another."""
    monkeypatch.setattr(interpreters, "_discover", lambda version: None)
    release = replace(django_release("4.2"), pythons=("3.8", "3.7"))
    with pytest.raises(SuiteError) as caught:
        recipe_for(release)
    assert caught.value.message == (
        f"Django 4.2 runs on Python 3.7 to 3.8, and this machine has none of them (the suite runs on {_running()})."
    )
    assert caught.value.remedy.startswith("Install one (`uv python install`, pyenv,")


def test_interpreters_of_pyenv_and_uv_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Newest first, and 3.1 is not 3.10."""
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "uv"))
    for name in ("3.10.1", "3.10.13", "3.10.2", "3.1.5", "3.11.0"):
        (tmp_path / "pyenv" / "versions" / name / "bin").mkdir(parents=True)
        (tmp_path / "pyenv" / "versions" / name / "bin" / "python").touch()
    managed = tmp_path / "uv" / "cpython-3.10.9-linux-x86_64-gnu" / "bin"
    managed.mkdir(parents=True)
    (managed / "python3.10").touch()
    found = [path.relative_to(tmp_path).parts for path in interpreters._managed("3.10")]
    assert [parts[2] for parts in found if parts[0] == "pyenv"] == ["3.10.13", "3.10.2", "3.10.1"]
    assert [parts[1] for parts in found if parts[0] == "uv"] == ["cpython-3.10.9-linux-x86_64-gnu"]


def test_a_worker_sees_the_suite_and_no_other_package_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two packages in a folder named by their content, copied once; variables of Python, and plugins, stay behind."""
    monkeypatch.setenv("PYTHONSTARTUP", "x")
    monkeypatch.delenv("HYPOTHESIS_NO_PLUGINS", raising=False)
    folder = copy_packages(tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == ["conformance", "sample_app"]
    before = folder.stat().st_mtime_ns
    assert copy_packages(tmp_path) == folder
    assert folder.stat().st_mtime_ns == before
    environ = worker_environ(folder)
    assert "PYTHONSTARTUP" not in environ
    assert (environ["PYTHONPATH"], environ["PYTHONHASHSEED"]) == (str(folder), "0")
    assert environ["HYPOTHESIS_NO_PLUGINS"] == "1"


def test_a_checkout_and_a_wheel_give_the_same_copy(tmp_path: Path) -> None:
    """Wherever the packages are found, the folder has the same name and holds code alone."""
    code = (
        "import sys; from pathlib import Path; from conformance.runner import copy_packages\n"
        "print(copy_packages(Path(sys.argv[1])))"
    )
    copies = []
    for name, path in (("checkout", str(REPOSITORY)), ("installed", "")):
        command = [sys.executable, "-c", code, str(tmp_path / name)]
        kept = {**os.environ, "PYTHONPATH": path}
        ended = subprocess.run(command, env=kept, cwd=tmp_path, capture_output=True, text=True, check=True)
        copies.append(Path(ended.stdout.strip()))
    assert copies[0].name == copies[1].name
    assert not (copies[0] / "conformance" / "pyproject.toml").exists()


def _running() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _wheel(folder: Path) -> Path:
    """The smallest wheel that pip installs."""
    path = folder / "greeting-1-py3-none-any.whl"
    files = {
        "greeting.py": "TEXT = 'hello'\n",
        "greeting-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: greeting\nVersion: 1\n",
        "greeting-1.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    digests = {name: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()) for name, text in files.items()}
    record = [f"{name},sha256={digest.decode().rstrip('=')}," for name, digest in digests.items()]
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
        wheel.writestr("greeting-1.dist-info/RECORD", "\n".join([*record, "greeting-1.dist-info/RECORD,,"]) + "\n")
    return path
