"""A small synthetic catalogue, and results of it: the tests of the gate and of the commands need no Django."""

from __future__ import annotations

from pathlib import Path

from conformance.case import Cell, Failure, Measured
from conformance.catalogue import Catalogue, load_catalogue
from conformance.environment import Environment
from conformance.results import Results

POSTGRESQL = Environment(
    django="5.2.8",
    asgiref="3.10.0",
    python="3.12.1",
    vendor="postgresql",
    server_version="16.2",
    driver="psycopg",
    driver_version="3.2.1",
    variant="server",
    pooled=False,
    conn_max_age=0,
    runner="asyncio",
)
SQLITE = Environment(**{**POSTGRESQL.as_dict(), "vendor": "sqlite", "driver": "sqlite3", "variant": "file"})

COUNT = Cell("queryset.acount", "result")
SQL = Cell("queryset.acount", "sql")
ATOMIC = Cell("atomic.coroutine", "refused")
NEW = Cell("queryset.anew", "result")
OBSERVED = Cell("queryset.aslow", "result")

_ENTRY = """
[[entry]]
id = "{id}"
area = "{area}"
subject = "operation"
title = "{title}"
level = "{level}"
spec = ["https://docs.djangoproject.com/en/5.2/topics/async/#queries"]
isolation = "rollback"
{more}
"""
_CHECK = '[entry.checks.{name}]\noracles = ["sync-twin"]\nkills = {{ planted = "{kill}" }}\n'
CATALOGUE = (
    _ENTRY.format(id="queryset.acount", area="queryset", title="Count rows", level="must", more='since = "4.1"')
    + _CHECK.format(name="result", kill="silent")
    + _CHECK.format(name="sql", kill="fail")
    + _ENTRY.format(
        id="atomic.coroutine", area="atomic", title="Atomic refuses", level="must", more='documented = "refuses"'
    )
    + _CHECK.format(name="refused", kill="silent")
    + _ENTRY.format(id="queryset.anew", area="queryset", title="New in 6.0", level="should", more='since = "6.0"')
    + _CHECK.format(name="result", kill="fail")
    + _ENTRY.format(id="queryset.aslow", area="queryset", title="Watched", level="observe", more="")
    + _CHECK.format(name="result", kill="fail")
    + '[[claim]]\nid = "O1"\nsays = "Counting works."\npredicts = ["pass"]\n'
    'measured_by = [{ entry = "queryset.acount" }]\n'
)


def write_catalogue(folder: Path, content: str = CATALOGUE) -> Path:
    """A catalogue folder with one file."""
    folder.mkdir(exist_ok=True)
    (folder / "synthetic.toml").write_text(content, "utf-8")
    return folder


def catalogue(folder: Path) -> Catalogue:
    """The synthetic catalogue, loaded."""
    return load_catalogue(write_catalogue(folder / "catalogue"))


def results(
    verdicts: dict[Cell, str | list[str]],
    *,
    environment: Environment = POSTGRESQL,
    digest: str = "h",
    planned: tuple[Cell, ...] | None = None,
    complete: bool | None = None,
    seed: int = 1,
) -> Results:
    """Results with these verdicts; a list is several attempts."""
    cells = tuple(
        measured(cell, verdict, attempt)
        for cell, several in verdicts.items()
        for attempt, verdict in enumerate([several] if isinstance(several, str) else several, start=1)
    )
    plan = tuple(verdicts) if planned is None else planned
    arrived = {item.cell for item in cells}
    return Results(
        environment=environment,
        seed=seed,
        profile="ci",
        suite="0.1",
        catalogue=digest,
        planned=plan,
        cells=cells,
        complete=bool(plan) and arrived.issuperset(plan) if complete is None else complete,
        source="part.jsonl",
    )


def measured(cell: Cell, verdict: str, attempt: int = 1) -> Measured:
    """One attempt, with a failure where the verdict is bad."""
    failure = None if verdict in ("pass", "n/a") else Failure("2 rows instead of 3", sql=("SELECT 1",))
    return Measured(cell, verdict, attempt=attempt, failure=failure)
