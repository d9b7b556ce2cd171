"""Run the natural suite on a database, without and with the plugin, and look at what is left in it.

    python tests/natural_matrix.py DATABASE... [--quick] [--xdist] [--write]

DATABASE is one of sqlite-memory, sqlite-file, postgresql, postgresql-pool, mariadb; the driver is what is installed for
this interpreter, credentials come from the environment. After a run with the plugin an observer connects: the kept test
database (--reuse-db) must have empty tables, and without --reuse-db it must be gone. --write records the figures in
tests/natural_results.json and renders the table of docs/sandbox.md.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SUITE = ROOT / "tests" / "natural"
RESULTS = ROOT / "tests" / "natural_results.json"
DOCUMENT = ROOT / "docs" / "sandbox.md"
BEGIN, END = "<!-- natural suite: begin -->", "<!-- natural suite: end -->"
DATABASES = ("sqlite-memory", "sqlite-file", "postgresql", "postgresql-pool", "mariadb")
# What Django writes into every database that it creates.
OWN_TABLES = {"django_content_type", "auth_permission", "django_migrations", "sqlite_sequence"}


def run(database: str, directory: str, *arguments: str, plugin: bool) -> tuple[int, int]:
    """How many tests are green, and how many there are; expected failures are green."""
    environment = {**os.environ, "NATURAL_DATABASE": database, "NATURAL_DIRECTORY": directory}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    chosen = [] if plugin else ["-p", "no:async_orm"]
    command = [sys.executable, "-m", "pytest", "-q", "--nomigrations", *chosen, *arguments]
    output = subprocess.run(command, cwd=SUITE, env=environment, capture_output=True, text=True, timeout=600).stdout
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (\w+)", output.strip().splitlines()[-1])}
    red = set(re.findall(r"^(?:FAILED|ERROR) (\S+)", output, re.MULTILINE))
    total = len(red) + counts.get("passed", 0) + counts.get("xfailed", 0)
    # A test that passed and whose tear-down failed is counted under both.
    green = total - len(red)
    if plugin and "Error when trying to teardown test databases" in output:
        raise SystemExit(f"{database}: the test database could not be dropped\n{output[-2000:]}")
    return green, total


def connect(database: str, name: str | None) -> Any:
    """An observer's connection to a database of the server; None stands for one that is always there.

    Raises the driver's `OperationalError`.
    """
    if database.startswith("postgresql"):
        driver = importlib.import_module("psycopg" if importlib.util.find_spec("psycopg") else "psycopg2")
        return driver.connect(
            host=os.environ.get("PGHOST", "127.0.0.1"),
            user=os.environ.get("PGUSER", "postgres"),
            password=os.environ.get("PGPASSWORD"),
            dbname=name or os.environ.get("PGDATABASE", "postgres"),
        )
    driver = importlib.import_module("MySQLdb" if importlib.util.find_spec("MySQLdb") else "pymysql")
    return driver.connect(
        host=os.environ.get("MYSQL_HOST", "127.0.0.1"),
        port=int(os.environ.get("MYSQL_TCP_PORT", "3306")),
        user=os.environ.get("MYSQL_USER", "root"),
        password=os.environ.get("MYSQL_PWD", ""),
        **({"database": name} if name else {}),
    )


def test_database(database: str) -> Any:
    """A connection to the test database, or None if it does not exist."""
    is_postgresql = database.startswith("postgresql")
    name = os.environ.get("PGDATABASE", "postgres") if is_postgresql else os.environ.get("MYSQL_DATABASE", "test")
    try:
        return connect(database, f"test_{name}")
    except Exception as error:
        if type(error).__name__ == "OperationalError":
            return None
        raise


def why_not(database: str) -> str:
    """Why the server cannot be used, where a missing one is no failure; empty if it answers."""
    if database.startswith("sqlite") or os.environ.get("CI"):
        return ""
    try:
        connect(database, None).close()
    except Exception as error:
        return f"{type(error).__name__}: {error}".strip()
    return ""


def rows_left(connection: Any) -> dict[str, int]:
    """The tables that are not empty, by an observer's own queries."""
    cursor = connection.cursor()
    cursor.execute(
        "SELECT table_name FROM information_schema.tables "
        "WHERE table_schema NOT IN ('information_schema', 'pg_catalog', 'mysql', 'performance_schema', 'sys')"
        + (" AND table_schema = DATABASE()" if "psycopg" not in type(connection).__module__ else "")
    )
    found = {}
    for (table,) in cursor.fetchall():
        cursor.execute(f"SELECT COUNT(*) FROM {table}")
        number = cursor.fetchone()[0]
        if number and table not in OWN_TABLES:
            found[table] = number
    return found


def observe(database: str, directory: str, *arguments: str) -> None:
    """Keep the test database of one run and see that it is empty; then drop it and see that it is gone."""
    if database.startswith("sqlite"):
        run(database, directory, *arguments, plugin=True)
        left = list(Path(directory).glob("natural_*.sqlite3"))
        if left:
            raise SystemExit(f"{database}: test databases were left: {left}")
        return
    run(database, directory, "--reuse-db", "--create-db", plugin=True)
    connection = test_database(database)
    left = rows_left(connection)
    connection.close()
    if left:
        raise SystemExit(f"{database}: rows were left: {left}")
    run(database, directory, *arguments, plugin=True)
    if not arguments and test_database(database) is not None:
        raise SystemExit(f"{database}: the test database was not dropped")


def label(database: str) -> str:
    if database.startswith("sqlite"):
        return database.replace("-", ", ")
    names = ["psycopg2-binary", "psycopg"] if database.startswith("postgresql") else ["mysqlclient", "PyMySQL"]
    for name in names:
        try:
            version(name)
        except Exception:
            continue
        return f"{database.replace('-', ', ')}, {name.removesuffix('-binary')}"
    raise SystemExit(f"no driver for {database}")


def write(figures: dict[str, list[int]]) -> None:
    """Add this interpreter's figures to the results, and render the table of the document."""
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    suite = (
        f"Python {sys.version_info[0]}.{sys.version_info[1]}, Django {version('django')}, asgiref {version('asgiref')}"
    )
    results.update({f"{name} | {suite}": row for name, row in figures.items()})
    RESULTS.write_text(json.dumps(dict(sorted(results.items())), indent=1) + "\n")
    rows = [f"| {key} | {old} | {new} | {total} |" for key, (old, new, total) in sorted(results.items())]
    head = "| database | versions | green without | green with | tests |\n| --- | --- | --- | --- | --- |"
    text = DOCUMENT.read_text()
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n{head}\n" + "\n".join(rows) + f"\n{END}{after}")


def quick(database: str) -> None:
    """One run with the plugin: all green, and the test database gone."""
    with tempfile.TemporaryDirectory() as directory:
        green, total = run(database, directory, "-p", "no:randomly", plugin=True)
        if not database.startswith("sqlite") and test_database(database) is not None:
            raise SystemExit(f"{database}: the test database was not dropped")
    print(f"{label(database)}: {green} of {total} green with the plugin")
    if green != total or not total:
        raise SystemExit(f"{database}: {total - green} tests are red")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("databases", nargs="+", choices=DATABASES)
    parser.add_argument("--xdist", action="store_true", help="run with two workers as well")
    parser.add_argument("--quick", action="store_true", help="with the plugin alone, once")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    figures = {}
    for database in options.databases:
        if reason := why_not(database):
            print(f"{database}: skipped, the server does not answer: {reason}")
            continue
        if options.quick:
            quick(database)
            continue
        with tempfile.TemporaryDirectory() as directory:
            without, _ = run(database, directory, "-p", "no:randomly", plugin=False)
            green, total = run(database, directory, "-p", "no:randomly", plugin=True)
            observe(database, directory)
            if options.xdist:
                assert run(database, directory, "-n", "2", plugin=True) == (green, total), "xdist changes the outcome"
        print(f"{label(database)}: {without} of {total} without, {green} of {total} with the plugin")
        figures[label(database)] = [without, green, total]
        if green != total:
            raise SystemExit(f"{database}: {total - green} tests are red")
    if options.write:
        write(figures)


if __name__ == "__main__":
    main()
