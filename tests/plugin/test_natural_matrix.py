"""The natural suite's runner and its observer stop where something is left or red."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import natural_matrix
import pytest
from natural_observer import Observer, connect

from conftest import DATABASE, own_database

on_a_server = pytest.mark.skipif(DATABASE.startswith("sqlite"), reason="SQLite has no server to look at")


@pytest.fixture
def observer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Observer]:
    """An observer of databases that no other suite makes; what a test leaves is dropped."""
    for name in ("PGDATABASE", "MYSQL_DATABASE"):
        monkeypatch.setenv(name, own_database(name, "planted"))
    observer = Observer(DATABASE, str(tmp_path))
    yield observer
    if not DATABASE.startswith("sqlite"):
        observer.drop()
    observer.close()


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Make the runner run a suite of one test; returns the directory for its databases."""

    def make(body: str) -> str:
        folder = tmp_path / "suite"
        folder.mkdir()
        (folder / "pytest.ini").write_text(
            f"[pytest]\nDJANGO_SETTINGS_MODULE = natural_settings\npythonpath = {natural_matrix.SUITE}\n"
            "asyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
        )
        (folder / "test_planted.py").write_text(
            "import asyncio\nimport pytest\nfrom django.db import connections\nfrom sample_app.models import Tag\n"
            f"@pytest.mark.django_db\nasync def test_planted():\n    {body}\n"
        )
        monkeypatch.setattr(natural_matrix, "SUITE", folder)
        return str(tmp_path)

    return make


LEAK = """
    def leak():
        with connections.create_connection("default").cursor() as cursor:
            cursor.execute("INSERT INTO sample_app_tag (name) VALUES ('leaked')")
    await asyncio.to_thread(leak)
"""


Reports = list[tuple[str, str, str, bool, float]]


def reports(test: str, *phases: str, expected: bool = False, start: float = 0.0) -> Reports:
    return [
        (test, when, outcome, expected and outcome == "skipped", start + second)
        for second, (when, outcome) in enumerate(zip(("setup", "call", "teardown"), phases, strict=False))
    ]


PASSED = reports("passed", "passed", "passed", "passed")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([], (0, 0)),
        (PASSED, (1, 1)),
        ([*PASSED, *reports("expected", "passed", "skipped", "passed", expected=True)], (2, 2)),
        ([*PASSED, *reports("skipped", "skipped", "passed")], (1, 1)),
        ([*PASSED, *reports("failed", "passed", "failed", "passed")], (1, 2)),
        ([*PASSED, *reports("set-up", "failed")], (1, 2)),
        ([*PASSED, *reports("tear-down", "passed", "passed", "failed")], (1, 2)),
        ([*PASSED, *reports("both", "passed", "failed", "failed")], (1, 2)),
        ([*PASSED, *reports("skipped, tear-down", "passed", "skipped", "failed")], (1, 2)),
    ],
)
def test_outcome_of_reports(found: Reports, expected: tuple[int, int]) -> None:
    """A test is red once, whichever of its phases failed, and a skipped one is none."""
    assert natural_matrix.judge(found, None) == (*expected, None)


def test_seconds_until_the_database_is_gone() -> None:
    """They count from the end of the last test, before its tear-down, and not from an earlier one's."""
    found = [*PASSED, *reports("last", "passed", "passed", "passed", start=10.0)]
    assert natural_matrix.judge(found, 11.25).seconds == 0.25


def test_red_tests_stop_it() -> None:
    """One red test, no test at all, and another figure in another order are errors."""
    with pytest.raises(SystemExit, match="1 of 3 tests are red"):
        natural_matrix.green("mariadb", natural_matrix.Outcome(2, 3))
    with pytest.raises(SystemExit, match="0 of 0 tests are red"):
        natural_matrix.green("mariadb", natural_matrix.Outcome(0, 0))
    with pytest.raises(SystemExit, match=r"\(3, 3\) in order, \(2, 2\) in another way"):
        natural_matrix.same("mariadb", natural_matrix.Outcome(3, 3), natural_matrix.Outcome(2, 2))


@on_a_server
@pytest.mark.parametrize("worker", ["", "_gw1"])
def test_planted_database_and_row_are_seen(observer: Observer, worker: str) -> None:
    """A database that was not dropped, of a worker too, and a row in it stop the run; nothing there is right."""
    variable = "PGDATABASE" if DATABASE.startswith("postgresql") else "MYSQL_DATABASE"
    name = f"test_{os.environ[variable]}{worker}"
    observer.require_gone()
    with pytest.raises(SystemExit, match="no test database was kept"):
        observer.require_empty()
    with closing(connect(DATABASE)) as server:
        server.cursor().execute(f"CREATE DATABASE {name}")
    observer.require_empty()
    with closing(connect(DATABASE, name)) as planted:
        planted.cursor().execute("CREATE TABLE left_behind (id integer)")
        observer.require_empty()
        planted.cursor().execute("INSERT INTO left_behind VALUES (1)")
    with pytest.raises(SystemExit, match=rf"rows were left: {{'{name}.left_behind': 1}}"):
        observer.require_empty()
    with pytest.raises(SystemExit, match=rf"not dropped: \['{name}'\]"):
        observer.require_gone()


@on_a_server
def test_leaked_row_stops_a_run(observer: Observer, suite: Callable[[str], str]) -> None:
    """A test that commits a row by a connection of its own is green, and the observer finds the row."""
    with pytest.raises(SystemExit, match="sample_app_tag': 1"):
        natural_matrix.kept(DATABASE, suite(LEAK.strip()))


@pytest.mark.skipif(DATABASE == "sqlite-memory", reason="a database in memory ends with its process")
def test_undropped_database_stops_a_run(observer: Observer, suite: Callable[[str], str]) -> None:
    """A run whose test database is still there at its end is an error, even if every test was green."""
    with pytest.raises(SystemExit, match="test databases were not dropped"):
        natural_matrix.dropped(DATABASE, suite("await Tag.objects.acreate(name='a')"), "--reuse-db")


def test_run_that_leaves_nothing(observer: Observer, suite: Callable[[str], str]) -> None:
    """A clean run passes, and the observer has seen its database come and go."""
    outcome = natural_matrix.dropped(DATABASE, suite("await Tag.objects.acreate(name='a')"))
    assert outcome[:2] == (1, 1)
    assert (outcome.seconds is None) == (DATABASE == "sqlite-memory")
