"""Run the natural suite on databases, without and with the plugin, and look at what is left in them.

    python tests/natural_matrix.py DATABASE... [--write]
    python tests/natural_matrix.py DATABASE... --quick [--random] [--xdist]

DATABASE is one of sqlite-memory, sqlite-file, postgresql, postgresql-pool, mariadb; the driver is what is installed for
this interpreter, credentials come from the environment.

With the plugin every test must be green, in the order of the files, in random order, and on two workers of xdist. An
observer connects from outside: while a run goes on it looks when the test databases go away, after the run they must be
gone, and where they were kept (--reuse-db) every table must be empty. --quick is one run with the plugin; --random and
--xdist are one more each. --write records the figures in tests/natural_results.json, with the seconds from the end of
the last test until the test databases were gone, and renders the table of docs/sandbox.md, without them: they tell of
the machine too.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from natural_observer import Observer, Watch, connect

ROOT = Path(__file__).resolve().parent.parent
SUITE = ROOT / "tests" / "natural"
RESULTS = ROOT / "tests" / "natural_results.json"
DOCUMENT = ROOT / "docs" / "sandbox.md"
BEGIN, END = "<!-- natural suite: begin -->", "<!-- natural suite: end -->"
HEAD = "| database | versions | green without | green with | tests |\n| --- | --- | --- | --- | --- |"
DATABASES = ("sqlite-memory", "sqlite-file", "postgresql", "postgresql-pool", "mariadb")
IN_ORDER = ("-p", "no:randomly")
KEPT = ("--reuse-db", "--create-db")


class Outcome(NamedTuple):
    green: int
    """Tests that did as they should; expected failures are green."""
    total: int
    seconds: float | None = None
    """How long after the end of the last test the last test database went away; None where there is none to see."""


def run(database: str, directory: str, *arguments: str, plugin: bool = True) -> Outcome:
    """One run of the suite, with an observer beside it."""
    record = Path(directory) / "record"
    record.write_text("")
    roots = [str(ROOT / "tests"), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {
        **os.environ,
        "NATURAL_DATABASE": database,
        "NATURAL_DIRECTORY": directory,
        "NATURAL_RECORD": str(record),
        "PYTHONPATH": os.pathsep.join(roots),
    }
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    chosen = [] if plugin else ["-p", "no:async_orm"]
    command = [sys.executable, "-m", "pytest", "-q", "--nomigrations", "-p", "natural_record", *chosen, *arguments]
    with closing(Observer(database, directory)) as observer, Watch(observer) as watch:
        output = subprocess.run(command, cwd=SUITE, env=environment, capture_output=True, text=True, timeout=600).stdout
    if plugin and "Error when trying to teardown test databases" in output:
        raise SystemExit(f"{database}: the test database could not be dropped\n{output[-2000:]}")
    outcome = judge([json.loads(line) for line in record.read_text().splitlines()], watch.gone_at)
    if plugin and (outcome.green != outcome.total or not outcome.total):
        print(output[-8000:])
    return outcome


def judge(reports: list[tuple[str, str, str, bool, float]], gone_at: float | None) -> Outcome:
    """What the reports say: test, phase, outcome, whether it is an expected failure, time."""
    red = {test for test, _, outcome, _, _ in reports if outcome == "failed"}
    skipped = {test for test, _, outcome, expected, _ in reports if outcome == "skipped" and not expected}
    tests = {test for test, *_ in reports} - (skipped - red)
    # The database is dropped in the tear-down of the last test.
    ended = max((moment for _, phase, _, _, moment in reports if phase != "teardown"), default=0.0)
    seconds = None if gone_at is None else round(max(0.0, gone_at - ended), 2)
    return Outcome(len(tests - red), len(tests), seconds)


def why_not(database: str) -> str:
    """Why the server cannot be used, where a missing one is no failure; empty if it answers."""
    if database.startswith("sqlite") or os.environ.get("CI"):
        return ""
    try:
        connect(database).close()
    except Exception as error:
        return f"{type(error).__name__}: {error}".strip()
    return ""


def dropped(database: str, directory: str, *arguments: str) -> Outcome:
    """A run after which the test databases must be gone."""
    outcome = run(database, directory, *arguments)
    with closing(Observer(database, directory)) as observer:
        observer.require_gone()
    if outcome.seconds is None and database != "sqlite-memory":
        raise SystemExit(f"{database}: the observer never saw the test database")
    return green(database, outcome)


def kept(database: str, directory: str, *arguments: str) -> Outcome:
    """A run after which the test databases must be there, and empty; SQLite keeps none."""
    if database.startswith("sqlite"):
        return dropped(database, directory, *arguments)
    outcome = run(database, directory, *KEPT, *arguments)
    with closing(Observer(database, directory)) as observer:
        try:
            observer.require_empty()
        finally:
            observer.drop()
    return green(database, outcome)


def green(database: str, outcome: Outcome) -> Outcome:
    if outcome.green != outcome.total or not outcome.total:
        raise SystemExit(f"{database}: {outcome.total - outcome.green} of {outcome.total} tests are red")
    return outcome


def in_random_order() -> tuple[str, ...]:
    seed = random.randrange(2**32)
    print(f"random order: -p randomly -p 'randomly_seed={seed}'", flush=True)
    return ("-p", "randomly", f"--randomly-seed={seed}")


def clear(database: str, directory: str) -> None:
    """Drop what an interrupted run has left on the server."""
    if not database.startswith("sqlite"):
        with closing(Observer(database, directory)) as observer:
            observer.drop()


def measure(database: str) -> list[float | None]:
    """The row of the table: green without, green with, all, and the seconds until the database is gone."""
    with tempfile.TemporaryDirectory() as directory:
        clear(database, directory)
        without = run(database, directory, *IN_ORDER, plugin=False)
        outcome = dropped(database, directory, *IN_ORDER)
        same(database, outcome, kept(database, directory, *in_random_order()))
        same(database, outcome, kept(database, directory, "-n", "2", *in_random_order()))
        same(database, outcome, dropped(database, directory, "-n", "2", *IN_ORDER))
    print(f"{label(database)}: {without.green} of {outcome.total} without, {said(outcome)}", flush=True)
    return [without.green, outcome.green, outcome.total, outcome.seconds]


def quick(database: str, *, at_random: bool, xdist: bool) -> None:
    """One run with the plugin, and one more for each way that is asked for."""
    with tempfile.TemporaryDirectory() as directory:
        clear(database, directory)
        outcome = dropped(database, directory, *IN_ORDER)
        print(f"{label(database)}: {said(outcome)}", flush=True)
        if at_random:
            same(database, outcome, kept(database, directory, *in_random_order()))
            print(f"{label(database)}: the same in random order, and the kept database is empty", flush=True)
        if xdist:
            two = dropped(database, directory, "-n", "2", *IN_ORDER)
            same(database, outcome, two)
            print(f"{label(database)}: the same on two workers, {said(two)}", flush=True)


def same(database: str, outcome: Outcome, other: Outcome) -> None:
    if outcome[:2] != other[:2]:
        raise SystemExit(f"{database}: {outcome[:2]} in order, {other[:2]} in another way")


def said(outcome: Outcome) -> str:
    gone = "" if outcome.seconds is None else f", the database gone {outcome.seconds:.2f} s after the last test"
    return f"{outcome.green} of {outcome.total} green with the plugin{gone}"


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


def write(figures: dict[str, list[float | None]]) -> None:
    """Add this interpreter's figures to the results, and render the table of the document."""
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    suite = (
        f"Python {sys.version_info[0]}.{sys.version_info[1]}, Django {version('django')}, asgiref {version('asgiref')}"
    )
    results.update({f"{name} | {suite}": row for name, row in figures.items()})
    rows = ",\n".join(f" {json.dumps(key)}: {json.dumps(row)}" for key, row in sorted(results.items()))
    RESULTS.write_text(f"{{\n{rows}\n}}\n")
    table = "\n".join(table_row(key, row) for key, row in sorted(results.items()))
    text = DOCUMENT.read_text()
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n{HEAD}\n{table}\n{END}{after}")


def table_row(key: str, row: list[float | None]) -> str:
    without, green, total, _ = row
    return f"| {key} | {without} | {green} | {total} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("databases", nargs="+", choices=DATABASES)
    parser.add_argument("--quick", action="store_true", help="with the plugin alone, once")
    parser.add_argument("--random", action="store_true", help="with --quick: in random order as well")
    parser.add_argument("--xdist", action="store_true", help="with --quick: on two workers as well")
    parser.add_argument("--write", action="store_true", help="without --quick: record the figures")
    options = parser.parse_args()
    figures = {}
    for database in options.databases:
        if reason := why_not(database):
            print(f"{database}: skipped, the server does not answer: {reason}")
        elif options.quick:
            quick(database, at_random=options.random, xdist=options.xdist)
        else:
            figures[label(database)] = measure(database)
    if options.write:
        write(figures)


if __name__ == "__main__":
    main()
