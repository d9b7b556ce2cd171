"""Which environments there are, what tells them apart, and why one cannot be measured."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.case import Cell, ExitCode, SuiteError
from conformance.cli import main
from conformance.matrix import (
    ALL_SERIES,
    COMMON_EXTRAS,
    DATABASES,
    Column,
    asgiref_requirement,
    columns_of,
    django_release,
    full_columns,
)
from conformance.results import ColumnState, PlannedMatrix, read_folder, write_matrix
from conformance.runner import copy_packages
from conformance.runner.environments import recipe_for
from conformance.runner.floors import driver_requirements
from tests.conformance.synthetic import POSTGRESQL, SQLITE


@pytest.mark.parametrize("change", [{"variant": "wal"}, {"pooled": True}, {"server_side_binding": True}])
def test_each_way_to_a_database_is_read_off_the_environment(change: dict[str, object]) -> None:
    """Its id, and the line that people read, differ by more than a hash from those of the usual way."""
    usual = SQLITE if "variant" in change else POSTGRESQL
    other = replace(usual, **change)  # type: ignore[arg-type]
    assert str(other) != str(usual)
    assert other.id.rsplit("-", 1)[0] != usual.id.rsplit("-", 1)[0]
    assert type(other).from_dict(other.as_dict()) == other


def test_the_whole_has_every_series_database_way_and_asgiref() -> None:
    """At least 40 columns, each once: nine series on three databases, six ways more, and the minors of asgiref."""
    columns = full_columns()
    assert len(columns) == len(set(columns)) >= 40
    assert not [column.title for column in columns if column.obstacle]
    usual = [column for column in columns if not column.asgiref and column.release.version != ALL_SERIES[-1]]
    assert Counter(column.database.vendor for column in usual) == dict.fromkeys(("sqlite", "postgresql", "mariadb"), 8)
    assert {column.database.name for column in columns} == set(DATABASES)
    assert len({column.asgiref for column in columns}) >= 8


def test_without_names_each_django_has_its_usual_ways() -> None:
    """psycopg 3 where Django knows it, psycopg2 before."""
    assert [column.database.name for column in columns_of(("4.1",), (), ())] == [
        "sqlite",
        "postgresql-psycopg2",
        "mariadb",
    ]
    assert [column.database.name for column in columns_of(("4.2",), (), ())] == ["sqlite", "postgresql", "mariadb"]


def test_what_is_named_twice_is_measured_once() -> None:
    """Every Django with every asgiref on every database."""
    columns = columns_of(("5.2", "5.2"), ("3.8", "3.9"), ("sqlite", "sqlite"))
    assert [column.title for column in columns] == [
        "Django 5.2 with asgiref 3.8 on SQLite",
        "Django 5.2 with asgiref 3.9 on SQLite",
    ]


@pytest.mark.parametrize(
    ("django", "database", "obstacle"),
    [
        ("4.1.13", "postgresql", "it needs Django 4.2, older ones know psycopg2 alone"),
        ("5.0", "postgresql-pool", "it needs Django 5.1, older ones have no pool"),
        ("5.0.9", "sqlite-wal", "it needs Django 5.1, older ones run no command when they connect"),
        ("5.1", "postgresql-pool", ""),
        ("pre", "postgresql-pool", ""),
        ("3.2", "postgresql-psycopg2", ""),
    ],
)
def test_a_way_that_a_django_does_not_know_has_its_reason(django: str, database: str, obstacle: str) -> None:
    """Known before anything is built."""
    assert Column(django_release(django), DATABASES[database]).obstacle == obstacle


@pytest.mark.parametrize(
    ("version", "requirement", "newest"),
    [
        ("3.2", "Django~=3.2.0", "3.10"),
        ("5.0.2", "Django==5.0.2", "3.12"),
        ("4.2.7", "Django==4.2.7", "3.11"),
        ("4.2.8", "Django==4.2.8", "3.12"),
        ("5.2.7", "Django==5.2.7", "3.13"),
        ("6.1rc1", "Django==6.1rc1", "3.14"),
        ("6.3", "Django~=6.3.0", "3.14"),
        ("pre", "Django>=6.2a1", "3.14"),
    ],
)
def test_a_release_runs_on_the_pythons_of_its_notes(version: str, requirement: str, newest: str) -> None:
    """Also where a series supports its newest Python from a later release on."""
    release = django_release(version)
    assert (release.requirement, release.pythons[0]) == (requirement, newest)


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("5", "'5' is not a Django version. Write a series"),
        ("3.1", "Django 3.1 supports no Python that the suite runs on: 3.10 is its oldest. The oldest Django that can"),
    ],
)
def test_what_can_never_be_measured_is_said_at_once(version: str, message: str) -> None:
    """With the remedy."""
    with pytest.raises(SuiteError) as caught:
        django_release(version)
    assert " ".join(str(caught.value).split()).startswith(message)


def test_asgiref_is_a_minor_or_a_version() -> None:
    """A minor is its newest release."""
    assert (asgiref_requirement("3.8"), asgiref_requirement("3.8.1")) == ("asgiref~=3.8.0", "asgiref==3.8.1")
    with pytest.raises(SuiteError, match="'newest' is not an asgiref version"):
        columns_of((), ("newest",), ())


def test_drivers_that_exclude_each_other_have_environments_of_their_own() -> None:
    """One for the usual drivers, one for each other, one for each asgiref."""
    release = django_release("5.2")
    recipes = [
        recipe_for(release),
        recipe_for(release, extras=("psycopg2",)),
        recipe_for(release, extras=("mysqlclient",)),
        recipe_for(release, "3.8"),
    ]
    assert [recipe.name for recipe in recipes] == [
        "django-5.2",
        "django-5.2-psycopg2",
        "django-5.2-mysqlclient",
        "django-5.2-asgiref-3.8",
    ]
    assert len({recipe.folder for recipe in recipes}) == 4
    drivers = [
        {name for name in ("psycopg[", "psycopg2", "pymysql", "mysqlclient") if name in str(recipe).lower()}
        for recipe in recipes
    ]
    assert drivers == [{"psycopg[", "pymysql"}, {"psycopg2"}, {"mysqlclient"}, {"psycopg[", "pymysql"}]


def test_an_extra_brings_what_the_extra_in_it_brings() -> None:
    """The pool's extra names the one of the driver, and never the suite itself."""
    pool = [text.split(">")[0].lower() for text in driver_requirements("postgresql-pool")]
    assert sorted(pool) == ["psycopg-pool", "psycopg[binary]"]
    assert COMMON_EXTRAS == ("mariadb", "postgresql-pool")


def test_columns_without_results_are_told_apart(tmp_path: Path) -> None:
    """Each way to a database, and each asgiref, is an environment from the start."""
    columns = (*columns_of(("6.1",), (), tuple(DATABASES)), *columns_of(("6.1",), ("3.9", "3.10"), ("sqlite",)))
    states = tuple(
        ColumnState(django, database, asgiref=asgiref, axes=column.axes)
        for column in columns
        for django, asgiref, database in [column.key]
    )
    cells = (Cell("queryset.acount", "result"),)
    write_matrix(PlannedMatrix("0.1", "h", 0, "ci", "asyncio.run", cells, states), tmp_path)
    found = read_folder(tmp_path)
    assert len({results.environment.id for results in found}) == len(columns) == 11
    assert {results.environment.asgiref for results in found} == {"?", "3.9", "3.10"}


def test_what_no_machine_can_measure_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also in a CI, and nothing is built for it; of nothing but that, the run is incomplete."""
    monkeypatch.setenv("CI", "true")
    where = ["--environments", str(tmp_path / "environments"), "--results", str(tmp_path / "results")]
    assert main(["matrix", "--django", "4.2", "--database", "postgresql-pool", *where]) == 12
    out = " ".join(capsys.readouterr().out.split())
    assert "left out: Django 4.2 on PostgreSQL with a pool was not measured: it needs Django 5.1, older ones" in out
    assert "nothing was measured: no environment could be" in out
    assert [path.name for path in (tmp_path / "environments").iterdir()] == [
        copy_packages(tmp_path / "environments").name
    ]


@pytest.mark.parametrize(("named", "code", "word"), [([], 12, "left out"), (["--django", "5.2"], 13, "error")])
def test_a_django_without_a_python_is_an_error_if_it_was_named(
    named: list[str],
    code: int,
    word: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Otherwise it is left out with the reason."""

    def nowhere(versions: object, wanted_by: str) -> str:
        raise SuiteError(f"{wanted_by} has no Python.", "Install one.", ExitCode.HARNESS)

    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr("conformance.runner.environments.find_python", nowhere)
    where = ["--environments", str(tmp_path / "environments"), "--results", str(tmp_path / "results")]
    assert main(["matrix", *named, *where]) == code
    out = " ".join(capsys.readouterr().out.split())
    assert f"{word}: Django 5.2 on SQLite, Django 5.2 on PostgreSQL" in out
    assert "Django 5.2 has no Python. Install one." in out
    assert "not affected" not in out


def test_the_whole_is_not_narrowed(capsys: pytest.CaptureFixture[str]) -> None:
    """`--full` beside a name is a wrong call."""
    assert main(["matrix", "--full", "--django", "5.2"]) == 64
    assert "--full is everything: give it without --django, --asgiref and --database." in capsys.readouterr().err
