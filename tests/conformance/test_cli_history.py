"""`history` on the command line, on releases that are told apart by what this machine's Django is made to lack."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import pytest

from conformance.runner.environments import Recipe, recipe_for
from conformance.runner.history import exact_release
from tests.conformance.built import skip_below_51
from tests.conformance.commands import cells_in, conform, finish, start, wait_until

SERIES = ("5.1", "5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.2")
# From this release on the operation is there.
SINCE = "5.1.3"
_PRETEND = """\
import django
django.VERSION = ({numbers}, 'final', 0)
if {lacks}:
    from django.db.models.query import QuerySet
    del QuerySet.acount
"""


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For each release an interpreter that is this one, with a Django that gives the release as its version."""
    skip_below_51()
    root = tmp_path_factory.mktemp("releases")
    for version in SERIES:
        numbers = ", ".join((*version.split("."), "0")[:3])
        _interpreter(root, recipe_for(exact_release(version)), _PRETEND.format(numbers=numbers, lacks=version < SINCE))
    return root


def _interpreter(root: Path, recipe: Recipe, pretend: str) -> None:
    folder = root / recipe.folder
    (folder / "bin").mkdir(parents=True)
    (folder / "sitecustomize.py").write_text(pretend)
    python = folder / "bin" / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{folder}:$PYTHONPATH" exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    (folder / "built.json").write_text(json.dumps(recipe.requirements))


@pytest.fixture
def command(tmp_path: Path, environments: Path) -> list[str]:
    """The history of one cell, one release at a time, with the releases of an index of this machine."""
    file = tmp_path / "index/Django/json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"releases": {version: [{"yanked": False}] for version in SERIES}}))
    return [
        *("history", "queryset.acount:result", "--profile", "smoke", "--workers", "1"),
        *("--index", (tmp_path / "index").as_uri(), "--environments", str(environments)),
    ]


TOLD = (
    "queryset.acount  Count the rows, on a filtered queryset\n"
    "  Django on SQLite: absent until 5.1.3 · pass since 5.1.3\n"
)
# A search does not look at every release, and says so.
SEARCHED = TOLD + "  5 of 6 releases were measured; between two that agree, the others are taken to agree\n"


def test_the_release_is_found_and_nothing_is_measured_twice(command: list[str], tmp_path: Path) -> None:
    """The answer alone is on standard output; a second call needs neither a worker nor the index."""
    first = conform(*command, cwd=tmp_path)
    assert (first.returncode, first.stdout) == (0, SEARCHED), first.stderr
    assert "Django on SQLite: 6 releases, 0 measured before\nmeasuring 5.1, 5.1.4, 5.2\n" in first.stderr
    assert first.stderr.endswith("measured 5 releases\n")
    (tmp_path / "index/Django/json").unlink()
    again = conform(*command, "--environments", str(tmp_path / "none"), cwd=tmp_path)
    assert (again.returncode, again.stdout) == (0, SEARCHED), again.stderr
    assert "the releases are those that it named before" in again.stderr
    assert again.stderr.endswith("measured 0 releases\n")
    every = conform(*command, "--every", cwd=tmp_path)
    assert (every.returncode, every.stdout) == (0, TOLD), every.stderr
    assert every.stderr.endswith("measured 1 release\n")
    document = json.loads(conform(*command, "--format", "json", cwd=tmp_path).stdout)
    assert [(each["verdict"], each["first"], each["last"]) for each in document[0]["ranges"]] == [
        ("absent", "5.1", "5.1.2"),
        ("pass", "5.1.3", "5.2"),
    ]


def test_releases_of_asgiref_on_one_django(command: list[str], tmp_path: Path, environments: Path) -> None:
    """Each in an environment of its own, with the Django that stays the same."""
    versions = ("3.8.0", "3.8.1", "3.9.0")
    for version in versions:
        lacks = "import asgiref\nasgiref.__version__ = '{}'\n" + _PRETEND.split("if ")[0]
        pretend = lacks.format(version, numbers="5, 2, 0")
        _interpreter(environments, recipe_for(exact_release("5.2"), version), pretend)
    file = tmp_path / "index/asgiref/json"
    file.parent.mkdir()
    file.write_text(json.dumps({"releases": {version: [{"yanked": False}] for version in versions}}))
    (tmp_path / "index/Django/5.2").mkdir()
    (tmp_path / "index/Django/5.2/json").write_text(json.dumps({"info": {"requires_dist": ["asgiref>=3.8.1,<4"]}}))
    series = ["--package", "asgiref", "--django"]
    ended = conform(*command, *series, "5.2", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[1:] == ["  asgiref with Django 5.2 on SQLite: pass in every release (3.8.1–3.9.0)"]


def test_releases_that_no_machine_can_measure_are_left_out(command: list[str], tmp_path: Path) -> None:
    """With the reason, and without being called incomplete."""
    wal = [
        "--database",
        "sqlite-wal",
        *(word for version in ("5.0.1", "5.0.2", "5.1") for word in ("--release", version)),
    ]
    ended = conform(*command, *wal, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "left out: 5.0.1, 5.0.2, because it needs Django 5.1, older ones" in ended.stderr
    assert ended.stdout.splitlines()[1] == "  Django on SQLite with WAL: absent in every release (5.1)"


def test_an_interruption_keeps_what_was_measured(command: list[str], tmp_path: Path) -> None:
    """12, what is known by then, and a second call that measures the rest."""
    process = start(*command, cwd=tmp_path)
    kept = tmp_path / "conformance-results/history/django-sqlite"
    wait_until(lambda: kept.is_dir() and cells_in(kept) > 0, "the first release is measured")
    process.send_signal(signal.SIGINT)
    output = finish(process)
    assert process.returncode == 12
    assert "interrupted: what was measured is kept; the same command goes on from there" in output
    assert "Traceback" not in output
    measured = cells_in(kept)
    assert 0 < measured < 5
    again = conform(*command, cwd=tmp_path)
    assert (again.returncode, again.stdout) == (0, SEARCHED), again.stderr
    assert cells_in(kept) == 5


def test_a_release_that_cannot_be_built_is_named(command: list[str], tmp_path: Path) -> None:
    """12 with the reason; the others are measured."""
    ended = conform(*command, "--release", "5.2", "--release", "5.0.99", UV_OFFLINE="1", PIP_NO_INDEX="1", cwd=tmp_path)
    assert ended.returncode == 12, ended.stderr
    assert "  Django on SQLite: pass in every release (5.2)\n" in ended.stdout
    assert "  not measured: 5.0.99: The environment django-5.0.99" in ended.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (["queryset.acont"], 64, "Did you mean queryset.acount"),
        (["queryset.acount", "--since", "7.0"], 64, "There is no release from 7.0 to the newest."),
        (["queryset.acount", "--package", "asgiref", "--django", "9.9"], 64, "There is no Django 9.9."),
        (["queryset.acount", "--index", "file:///nowhere"], 13, "The releases of Django are not known"),
        (
            ["queryset.acount", "--database", "sqlite-wal", "--release", "4.2.1", "--release", "4.2.2"],
            64,
            "None of the 2 releases can be measured on SQLite with WAL: it needs Django 5.1",
        ),
        (["queryset.acount", "--package", "numpy"], 64, "'numpy' is not one of"),
    ],
)
def test_what_cannot_be_asked(arguments: list[str], code: int, error: str, command: list[str], tmp_path: Path) -> None:
    """The code, and what to do instead."""
    ended = conform("history", *command[2:], *arguments, cwd=tmp_path)
    assert ended.returncode == code, ended.stderr
    assert error in ended.stderr
