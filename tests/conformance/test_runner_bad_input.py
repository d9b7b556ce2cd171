"""What the user can put right: a message with the remedy, the documented exit code, no traceback, nothing lost."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.cli import main
from conformance.results import read_folder
from tests.conformance.commands import cells_in, conform, environ, lines_of

ONE = ["--profile", "smoke", "--only", "queryset.acount:result", "--only", "queryset.acount:statements"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder, neither CI nor settings of somebody else."""
    monkeypatch.chdir(tmp_path)
    for name in ("CI", "DJANGO_SETTINGS_MODULE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONPATH", environ()["PYTHONPATH"])
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "message", "remedy"),
    [
        (["run", "--only", "queryset.acont"], "no entry, area or check called 'queryset.acont'", "Did you mean"),
        (["matrix", "--only", "nothing"], "no entry, area or check called 'nothing'", "prints every id"),
        (["run", "--defect", "queryset.acount/wrong"], "no planted defect called", "Use one of: queryset.acount"),
        (["matrix", "--django", "nonsense"], "'nonsense' is not a Django version", "Write a series (5.2:"),
        (["matrix", "--database", "oracle"], "'oracle' is not one of", "Usage:"),
        (["run", "--timeout", "0"], "0.0 is not in the range x>0", "Usage:"),
    ],
)
def test_a_wrong_name_is_64(
    arguments: list[str], message: str, remedy: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is built or measured, with the nearest names."""
    environments = ["--environments", str(folder / "e")] if arguments[0] == "matrix" else []
    assert main([*arguments, *environments]) == 64
    error = capsys.readouterr().err
    assert message in error
    assert remedy in error
    assert "Traceback" not in error


@pytest.mark.parametrize("text", ["import nothing_like_this", "1 / 0", "DATABASES = {}\nSECRET_KEY = 'x'"])
def test_settings_that_cannot_be_used_are_13(
    text: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A module that does not import, or names no database."""
    (folder / "broken_settings.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", f"{folder}:{environ()['PYTHONPATH']}")
    assert main(["run", *ONE, "--settings", "broken_settings"]) == 13
    error = capsys.readouterr().err
    assert error.startswith("error: broken_settings was not measured: ")
    assert "Check the settings module and the database that it names." in error
    assert "Traceback" not in error


@pytest.mark.parametrize("results", ["file", "file/below"])
def test_a_results_folder_that_cannot_be_is_13(results: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file is in the way, for `run` and for `matrix`."""
    Path("file").write_text("")
    for command in (["run"], ["matrix", "--django", "5.2", "--environments", str(folder / "e")]):
        assert main([*command, *ONE, "--results", results]) == 13
        error = capsys.readouterr().err
        assert f"error: The results cannot be written to {results}" in error
        assert "Name another folder with --results" in error


def test_an_environments_folder_that_cannot_be_is_13(capsys: pytest.CaptureFixture[str]) -> None:
    """Told before anything is measured, and no results folder is made."""
    Path("file").write_text("")
    assert main(["matrix", *ONE, "--environments", "file/below"]) == 13
    error = capsys.readouterr().err
    assert "error: No environment can be built in file/below: Not a directory." in error
    assert "Name another folder with --environments" in error
    assert not Path("conformance-results").exists()


@pytest.fixture
def matrix(environments: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A matrix of one Django, whose PostgreSQL and MariaDB are down."""
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("MYSQL_TCP_PORT", "1")
    return ["matrix", *ONE, "--django", "5.2", "--environments", str(environments), "--results", "results"]


def test_a_database_that_is_down_is_left_out(matrix: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """With its reason and its remedy; the others are measured, and the gate is content."""
    assert main(matrix) == 0
    out = capsys.readouterr().out
    assert "left out: Django 5.2 on PostgreSQL was not measured: OperationalError" in out
    assert "Start the server, or set PGHOST, PGPORT, PGUSER and PGPASSWORD" in out
    assert "left out: Django 5.2 on MariaDB was not measured: OperationalError" in out
    assert main(["gate", "results"]) == 0


def test_a_database_that_is_down_is_13_in_ci(
    matrix: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A CI must not become green by measuring less; what answers is measured all the same."""
    monkeypatch.setenv("CI", "true")
    assert main(matrix) == 13
    assert "error: Django 5.2 on PostgreSQL was not measured" in capsys.readouterr().out
    assert sum(results.complete and results.environment.vendor == "sqlite" for results in read_folder(Path("results")))
    assert main(["gate", "results"]) == 13


def test_a_database_that_was_named_must_answer(matrix: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """All databases down, by name: 13, and that nothing was measured."""
    assert main([*matrix, "--database", "postgresql"]) == 13
    out = capsys.readouterr().out
    assert "error: Django 5.2 on PostgreSQL was not measured" in out
    assert "nothing was measured: no environment could be" in out


def test_a_django_that_cannot_be_had_stops_no_other(
    matrix: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No such release: the installer's words, 13, and the other column is measured."""
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    assert main([*matrix, "--django", "5.1.99", "--database", "sqlite"]) == 13
    out = capsys.readouterr().out
    assert "error: Django 5.1.99 on SQLite was not measured: The environment django-5.1.99 (Django==5.1.99," in out
    assert "the next run tries again, and the other environments go on" in out
    assert "Traceback" not in out
    assert [results.complete for results in read_folder(Path("results")) if results.environment.python != "?"] == [True]


def test_a_full_disk_is_13_and_loses_nothing(folder: Path) -> None:
    """In the middle: every line that was written is whole, and with room again the rest is measured."""
    command = ["run", *ONE, "--settings", "small_settings"]
    path = f"{_small_settings(folder)}:{environ()['PYTHONPATH']}"
    assert conform(*command, "--results", "whole", cwd=folder, PYTHONPATH=path).returncode == 0
    *lines, last, _ = lines_of(folder / "whole")
    room = sum(len(line.encode()) + 1 for line in lines) + len(last) // 2

    ended = subprocess.run(
        [sys.executable, "-m", "conformance", *command],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY)),
        env=environ(PYTHONPATH=path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 13, ended.stderr
    assert "error: The results cannot be written to conformance-results/" in ended.stderr
    assert "what was measured before stays in the file" in ended.stderr
    assert "Traceback" not in ended.stderr
    kept = cells_in(Path("conformance-results"))
    (partial,) = read_folder(Path("conformance-results"))
    assert (kept, len(partial.missing)) == (1, 1)
    rerun = conform(*command, cwd=folder, PYTHONPATH=path)
    assert "1 of 2 cells to measure" in rerun.stdout
    assert read_folder(Path("conformance-results"))[0].complete


def _small_settings(folder: Path) -> Path:
    """The sample app's settings, in a worker that may write as much as it likes."""
    (folder / "small_settings.py").write_text(
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
        "from sample_app.settings.sqlite import *\n"
    )
    return folder
