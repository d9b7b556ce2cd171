"""The suite as pytest: the same verdicts as `run`, with and without settings of one's own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from conformance.cli import main
from conformance.results import Results, read_folder
from tests.conformance.commands import conform, environ

# pytest-asyncio itself warns where no project has chosen this.
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-W", "error"]
PYTEST += ["-o", "asyncio_default_fixture_loop_scope=function", "--pyargs", "conformance"]


def run_pytest(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """In a folder that has no project."""
    kept = environ(**{"CONFORMANCE_RESULTS": "results", **more})
    return subprocess.run(
        [*PYTEST, *arguments], cwd=folder, env=kept, capture_output=True, text=True, check=False, timeout=600
    )


def left_in(folder: Path) -> list[str]:
    """Every file and folder in it, hidden ones included."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def verdicts(results: Results) -> dict[str, str]:
    """Cell by cell."""
    return {str(cell): str(results.verdict(cell)) for cell in results.planned}


# Areas with experiments and with checks of their own, with workarounds and with claims: not all, which takes long.
AREAS = ("claim", "concurrency", "paginator", "transaction", "workaround.w9")


@pytest.mark.usefixtures("forked")
def test_pytest_measures_what_run_measures(tmp_path: Path) -> None:
    """Every cell of some areas, on SQLite, in the profile smoke; and the result files can be told apart."""
    ended = run_pytest(tmp_path, "-k", " or ".join(f"{area}." for area in AREAS))
    only = [word for area in AREAS for word in ("--only", area)]
    measured = conform("run", "--profile", "smoke", *only, "--results", "results", cwd=tmp_path)
    assert measured.returncode == 0, measured.stderr
    by_run, by_pytest = sorted(read_folder(tmp_path / "results"), key=lambda part: part.environment.runner)
    assert [by_run.environment.runner, by_pytest.environment.runner] == ["asyncio.run", "pytest-asyncio"]
    assert {str(cell): str(by_pytest.verdict(cell)) for cell in by_run.planned} == verdicts(by_run)
    assert (by_pytest.complete, by_run.complete) == (False, True)
    assert "Error" not in ended.stderr
    assert ended.returncode == main(["gate", by_run.source]) == 0, ended.stdout
    assert set(left_in(tmp_path)) == {"results", *(f"results/{Path(each.source).name}" for each in (by_pytest, by_run))}


@pytest.mark.usefixtures("forked")
def test_nothing_is_left_but_the_results(tmp_path: Path) -> None:
    """Checks that connect to every alias of the project make no database of it: each way, the folder has results alone.

    Not even those of pytest, unless they were asked for.
    """
    ended = run_pytest(tmp_path, "-k", "workaround.w9.sample_app or workaround.w10.sample_app", CONFORMANCE_RESULTS="")
    assert "\n2 passed" in ended.stdout, ended.stdout + ended.stderr
    assert left_in(tmp_path) == []
    only = ["--only", "workaround.w9.sample_app", "--only", "workaround.w10.sample_app"]
    measured = conform("run", "--profile", "smoke", *only, "--results", "results", cwd=tmp_path)
    assert measured.returncode == 0, measured.stderr
    (results,) = read_folder(tmp_path / "results")
    assert left_in(tmp_path) == ["results", f"results/{Path(results.source).name}"]


def test_settings_of_ones_own_are_measured(tmp_path: Path) -> None:
    """A project names its settings as it does for pytest-django."""
    (tmp_path / "own_settings.py").write_text("from sample_app.settings.sqlite import *\nCONN_MAX_AGE = 0\n")
    path = f"{tmp_path}:{environ()['PYTHONPATH']}"
    ended = run_pytest(tmp_path, "-k", "queryset.acount", DJANGO_SETTINGS_MODULE="own_settings", PYTHONPATH=path)
    assert ended.returncode == 0, ended.stdout
    (results,) = read_folder(tmp_path / "results")
    arrived = {str(measured.cell) for measured in results.cells}
    assert arrived
    assert all("acount" in cell for cell in arrived)
    assert not results.complete


def test_a_second_session_keeps_each_cell_once(tmp_path: Path) -> None:
    """What is in the file already is measured for the eye, and not written again."""
    for _ in range(2):
        assert run_pytest(tmp_path, "-k", "queryset.acount").returncode == 0
    (results,) = read_folder(tmp_path / "results")
    assert len(results.cells) == len({measured.cell for measured in results.cells}) > 0


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """The environment of a project without the sample app."""
    (tmp_path / "bare.py").write_text(
        "SECRET_KEY = 's'\nINSTALLED_APPS = []\nUSE_TZ = True\n"
        "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': ':memory:'}}\n"
    )
    return {"DJANGO_SETTINGS_MODULE": "bare", "PYTHONPATH": f"{tmp_path}:{environ()['PYTHONPATH']}"}


LACKS = "bare was not measured: INSTALLED_APPS lacks 'sample_app': add it"


def test_a_project_without_the_sample_app_is_told_what_to_add(tmp_path: Path, bare: dict[str, str]) -> None:
    """As `run` says it, as an error of usage, and before one of thousands of tests is made."""
    ended = run_pytest(tmp_path, "--collect-only", **bare)
    assert ended.returncode == 4
    said = ended.stdout + ended.stderr
    assert LACKS in said
    assert "Traceback" not in said
    assert "test_cell[" not in said


def test_workers_say_it_too(tmp_path: Path, bare: dict[str, str]) -> None:
    """With pytest-xdist it is an error of collection, without a stack."""
    ended = run_pytest(tmp_path, "-n", "1", **bare)
    assert ended.returncode not in (0, 5)
    assert LACKS in ended.stdout
    assert "conftest.py" not in ended.stdout
