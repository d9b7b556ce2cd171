"""Synthetic results: three Djangos on three databases, every verdict, hostile text, and one file that was cut short."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.case import Cell, Failure, Measured
from conformance.catalogue import Catalogue, load_catalogue
from conformance.environment import Environment
from conformance.report import render_html
from conformance.results import Results

DATA = Path(__file__).parent / "data"
HOSTILE = "<script>alert('x')</script> & \"quotes\" | pipe `tick` \u202eevil\x00 привет 日本 \ud83d"
# vendor, version of the server, driver and its version, how the database is kept
DATABASES: tuple[tuple[str, str, str, str, str], ...] = (
    ("sqlite", "3.46.1", "sqlite3", "3.12.11", "file"),
    ("postgresql", "17.2", "psycopg", "3.2.9", "server"),
    ("mariadb", "11.4.2", "PyMySQL", "1.1.1", "server"),
)
DJANGOS = (("4.2.30", "3.8.1"), ("5.2.8", "3.10.0"), ("6.1.1", "3.11.0"))

ENTRIES = (
    ("queryset.acount", "Querysets", "operation", "Count rows: `acount`"),
    ("queryset.aexists", "Querysets", "operation", "Ask whether a row exists: `aexists`"),
    ("queryset.aget", "Querysets", "operation", "Get one object, or `DoesNotExist`: `aget`"),
    ("queryset.aupdate", "Querysets", "operation", "Update rows and learn how many: `aupdate`"),
    (
        "queryset.aiterator_with_a_very_long_name_for_a_column",
        "Querysets",
        "operation",
        "Iterate in chunks: `aiterator`",
    ),
    ("model.asave", "Models", "operation", "Save an instance: `asave`"),
    ("model.arefresh_from_db", "Models", "operation", "Load an instance again: `arefresh_from_db`"),
    ("related.lazy_access", "Related objects", "behaviour", "Touch an unloaded relation in a coroutine"),
    ("related.aadd", "Related objects", "operation", "Add to a many-to-many relation: `aadd`"),
    ("transaction.atomic_decorator", "Transactions", "behaviour", "`@atomic` over a coroutine function <b>|</b>"),
    ("transaction.atomic_async_with", "Transactions", "behaviour", "`async with atomic()`"),
    (
        "workaround.thread_insensitive",
        "Workarounds",
        "workaround",
        "`sync_to_async(thread_sensitive=False)` in `atomic`",
    ),
)
CHECKS = ("result", "sql", "committed")
VERDICTS = (
    *("silent", "crash", "timeout", "harness_error", "setup_error", "fail", "vacuous"),
    *("blocked", "loud", "absent", "n/a", "flaky 2/3"),
)


@pytest.fixture(scope="session")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """Twelve entries of three checks, and five claims."""
    return make_catalogue(tmp_path_factory.mktemp("catalogue"))


@pytest.fixture(scope="session")
def results(catalogue: Catalogue) -> list[Results]:
    """Nine environments; the last one was interrupted, and SQLite left one entry out."""
    return make_results(catalogue)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, catalogue: Catalogue, results: list[Results]) -> Path:
    """The folder of a written report."""
    return render_html(results, catalogue, tmp_path_factory.mktemp("site")).parent


@pytest.fixture(scope="session")
def make_environment() -> Callable[..., Environment]:
    """Build an environment, by default Django 5.2 on PostgreSQL."""
    return _environment


@pytest.fixture(scope="session")
def make_column_results() -> Callable[..., Results]:
    """Build results of one environment from pairs of cell and verdict; None plans the cell and measures nothing."""
    return _column_results


def make_catalogue(folder: Path) -> Catalogue:
    """Write the synthetic catalogue into the folder and load it."""
    template = (DATA / "entry.toml.template").read_text("utf-8")
    texts = [
        template.format(
            id=entry,
            area=area,
            subject=subject,
            title=title,
            name=entry.partition(".")[2],
            level="observe" if subject == "workaround" else "must",
        )
        for entry, area, subject, title in ENTRIES
    ]
    (folder / "entries.toml").write_text("".join(texts), "utf-8")
    shutil.copy(DATA / "claims.toml", folder)
    return load_catalogue(folder)


def make_results(catalogue: Catalogue) -> list[Results]:
    """The same nine environments each time."""
    found = [_measure(catalogue, django, asgiref, database) for database in DATABASES for django, asgiref in DJANGOS]
    cut = found[-1]
    found[-1] = Results(**{**vars(cut), "cells": cut.cells[:-7], "complete": False})
    return found


def _measure(catalogue: Catalogue, django: str, asgiref: str, database: tuple[str, str, str, str, str]) -> Results:
    dice = random.Random(f"{django} {database}")
    environment = _environment(django, asgiref, *database)
    cells = [cell for cell in catalogue.cells() if not (database[0] == "sqlite" and cell.entry == "related.aadd")]
    if database[0] == "sqlite":
        cells.remove(Cell("queryset.aget", "committed"))
    measured = [item for cell in cells for item in _cell(cell, environment, dice)]
    return Results(environment, 1, "ci", "0.1.0", catalogue.hash, tuple(cells), tuple(measured), complete=True)


def _cell(cell: Cell, environment: Environment, dice: random.Random) -> list[Measured]:
    series, vendor = environment.django_series, environment.vendor
    verdict = "pass"
    if (cell.entry, series) in {
        ("model.asave", "4.2"),
        ("transaction.atomic_async_with", "4.2"),
        ("related.aadd", "4.2"),
    }:
        verdict = "absent"
    elif cell.entry in ("transaction.atomic_async_with", "related.lazy_access"):
        verdict = "loud"
    elif (cell.entry, cell.check) == ("transaction.atomic_decorator", "committed"):
        verdict = "silent"
    elif cell == Cell("queryset.acount", "sql") and (series, vendor) == ("5.2", "postgresql"):
        verdict = "flaky"
    elif dice.random() < 0.16:
        verdict = dice.choice(VERDICTS)
    if verdict == "flaky":
        return [_measured(cell, name, number) for number, name in enumerate(("pass", "fail", "pass"), 1)]
    return [_measured(cell, verdict, 1)]


def _measured(cell: Cell, verdict: str, attempt: int) -> Measured:
    evidence = {
        "statements": 1 + attempt,
        "threads": ["MainThread", "asgiref worker"] if cell.check == "sql" else ["MainThread"],
        "overlap": False,
        "sessions": {"open": 2, "idle in transaction": 0, "who": ["web\u202e", "<img src=x onerror=alert(1)>"]},
    }
    failure = (
        _failure(cell) if verdict in ("silent", "fail", "crash", "timeout") or verdict.startswith("flaky") else None
    )
    reason = {"n/a": "the backend has no `has_select_for_update`", "blocked": "queryset.acount is fail"}.get(
        verdict, ""
    )
    seen = evidence if verdict == "pass" else {}
    return Measured(cell, verdict, attempt, 50, reason, seen, failure, duration_ms=12.5 * attempt)


def _failure(cell: Cell) -> Failure:
    columns = ", ".join(f'"sample_app_post"."column_{number}"' for number in range(30))
    return Failure(
        message=f"The rows that another connection sees differ from those of the synchronous twin. {HOSTILE}",
        expected="[(1, 'first'), (2, 'zweiter — ü')]",
        observed="[(1, 'first')]",
        example="rows=[Post(title='<script>alert(1)</script>')], limit=1",
        sql=(f'SELECT {columns} FROM "sample_app_post" WHERE "title" = \'<script>\'', 'SAVEPOINT "s1"', "x" * 300),
        server="pid 7: idle in transaction",
        stack='File "/home/someone/e/lib/python3.12/site-packages/django/db/models/query.py", line 3, in acount\n'
        "  <Post object at 0x7f3a5c00d1e0>",
        reproduce=f"async-orm-conformance repro {cell}",
    )


def _environment(
    django: str = "5.2.8",
    asgiref: str = "3.10.0",
    vendor: str = "postgresql",
    server_version: str = "17.2",
    driver: str = "psycopg",
    driver_version: str = "3.2.9",
    variant: str = "server",
    python: str = "3.12.11",
    conn_max_age: int | None = 0,
    *,
    pooled: bool = False,
) -> Environment:
    return Environment(
        django,
        asgiref,
        python,
        vendor,
        server_version,
        driver,
        driver_version,
        variant,
        pooled,
        conn_max_age,
        "asyncio.run",
    )


def _column_results(
    verdicts: dict[str, str | None], environment: Environment | None = None, catalogue: str = "0" * 64
) -> Results:
    cells = {Cell.parse(text): verdict for text, verdict in verdicts.items()}
    measured = tuple(Measured(cell, verdict) for cell, verdict in cells.items() if verdict is not None)
    complete = len(measured) == len(cells)
    return Results(environment or _environment(), 1, "ci", "0.1.0", catalogue, tuple(cells), measured, complete)
