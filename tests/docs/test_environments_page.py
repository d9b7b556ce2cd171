"""What the page about environments says is what can be measured, and what its commands do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conformance.cli import app
from conformance.matrix import ALL_SERIES, DATABASES
from conformance.runner.interpreters import find_python
from tests.docs.pages import ENVIRONMENTS, blocks, sessions, shows
from tests.docs.reader import Reader, checked, uv

TEXT = ENVIRONMENTS.read_text("utf-8")
OWN_BACKEND = "## Your own backend"


def test_every_way_to_a_database_is_described() -> None:
    """Each name that `--database` takes has a row, with the oldest Django that knows it, and no other has one."""
    rows = dict(re.findall(r"^\| `([a-z][a-z0-9-]+)` \| (.+) \|$", TEXT, re.MULTILINE))
    assert list(rows) == list(DATABASES)
    for name, database in DATABASES.items():
        inherited = database.since if name != "postgresql-server-side-binding" else ""
        assert (f"Django {inherited}" in rows[name]) if inherited else True, name
    assert f"from {ALL_SERIES[0]} to {ALL_SERIES[-1]}" in TEXT


def test_the_commands_have_the_options_that_are_shown() -> None:
    """Every call on the page is one that the command line takes."""
    calls = re.findall(r"^(?:\$ )?async-orm-conformance (\w+)(.*)$", TEXT, re.MULTILINE)
    assert {name for name, _ in calls} >= {"matrix", "plan", "merge", "gate", "doctor", "init", "run"}
    for name, rest in calls:
        options = {option for parameter in app.commands[name].params for option in parameter.opts}
        assert set(re.findall(r"(?<!\S)(--?[a-z]+)", rest)) <= options, (name, rest)


@pytest.fixture
def newer_reader(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, dist: Path) -> Reader:
    """A reader whose Python is one that django-async-backend supports."""
    venv = tmp_path_factory.mktemp("newer") / "venv"
    python = find_python(("3.13", "3.12"), "django-async-backend")
    checked([uv(), "venv", "--quiet", "--python", python, str(venv)])
    reader = Reader(tmp_path, venv, dist)
    pip = venv / "bin/pip"
    pip.write_text(f'#!/bin/sh\nexec {uv()} pip "$@"\n', "utf-8")
    pip.chmod(0o755)
    return reader


def test_a_backend_is_measured_in_three_commands(newer_reader: Reader) -> None:
    """Each prints what is shown, the settings are those that are shown, and a planted regression is red."""
    page = [block for block in sessions(ENVIRONMENTS) if "backend" in block[0] or "--gate" in block[0]]
    assert len(page) == 3
    for command, shown in page:
        ended = newer_reader.run(command)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert command.startswith("pip ") or shows(shown, ended.stdout), f"$ {command}\n{ended.stdout}"
    (settings,) = blocks(ENVIRONMENTS, "python")
    assert (newer_reader.home / "conformance_settings.py").read_text("utf-8") == settings
    red = newer_reader.run(f"{page[-1][0]} --defect queryset.acount/wrong-result")
    assert red.returncode == 10
    assert "queryset.acount:result is silent" in red.stdout


def test_the_doctor_says_what_is_shown(suite_reader: Reader) -> None:
    """A line for SQLite among the others."""
    ((command, shown),) = [each for each in sessions(ENVIRONMENTS) if each[0].endswith("doctor")]
    assert shows(shown, suite_reader.run(command).stdout)


def test_postgresql_is_measured_without_a_server(reader: Reader, tmp_path: Path) -> None:
    """As it is shown, in a server of the suite's own, which is gone afterwards."""
    page = [block for block in sessions(ENVIRONMENTS) if "embedded" in block[0]]
    assert len(page) == 2
    # The installer of the environment that is built, beside the reader's own.
    reader.environ.update(XDG_CACHE_HOME=str(tmp_path / "cache"), PATH=f"{reader.environ['PATH']}:{Path(uv()).parent}")
    for command, shown in page:
        ended = reader.run(command)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert command.startswith("pip ") or shows(shown, ended.stdout), f"$ {command}\n{ended.stdout}"
    assert "PostgreSQL: one of the suite's own, in " in ended.stdout
    assert re.search(r"queryset\.acount +P", ended.stdout)
    assert not list((tmp_path / "cache").rglob("postmaster.pid"))
