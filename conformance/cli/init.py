"""`init`: begin to measure a third-party backend."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import click

from conformance.case import ExitCode, SuiteError
from conformance.catalogue import load_catalogue
from conformance.cli.expect import init as write_expectations
from conformance.cli.options import measuring_options
from conformance.cli.run import run
from conformance.environment import Environment
from conformance.runner import PROFILES, Job
from conformance.runner.asking import ask_environment

_SETTINGS = '''\
"""What the conformance suite measures: its sample app on {engine}."""

from sample_app.settings.{base} import *
from sample_app.settings.{base} import DATABASES as _DATABASES
from sample_app.settings.{base} import INSTALLED_APPS as _APPS

INSTALLED_APPS = {apps}
DATABASES = {{
    alias: {{**database, "ENGINE": "{engine}"}}
    for alias, database in _DATABASES.items()
}}
'''


@click.command(short_help="Write settings and expectations for a database engine.")
@click.argument("engine")
@click.option(
    "--like",
    "base",
    type=click.Choice(("postgresql", "mariadb", "sqlite")),
    help="The database whose settings are the beginning. Default: by the engine's name.",
)
@click.option(
    "--settings",
    "file",
    type=click.Path(path_type=Path),
    default=Path("conformance_settings.py"),
    show_default=True,
    metavar="FILE",
    help="The settings module that is written, in the working folder.",
)
@click.option(
    "--expectations",
    "expectations",
    type=click.Path(path_type=Path),
    default=Path("expectations.toml"),
    show_default=True,
    metavar="FILE",
    help="What does not conform today is written there.",
)
@measuring_options
@click.pass_context
def init(
    context: click.Context,
    engine: str,
    base: str | None,
    file: Path,
    expectations: Path,
    only: tuple[str, ...],
    profile: str,
    seed: int,
    results: Path,
    timeout: float | None,
) -> ExitCode:
    """Write settings for a database ENGINE (your_backend.postgresql), probe it, measure it, and write expectations.

    Files that are there are kept: settings are used as they are, expectations are not written.
    """
    load_catalogue().select(only)
    _write_settings(file, engine, base or _base(engine))
    click.echo(f"{engine} answers: {_probe(file, profile, seed, results)}")
    sampling = {"only": only, "profile": profile, "seed": seed, "results": results, "timeout": timeout}
    context.invoke(run, settings=file.stem, **sampling)
    if expectations.exists():
        click.echo(f"{expectations} is kept: `expect update` brings it up to date")
        return ExitCode.CONFORMS
    answer: ExitCode = context.invoke(write_expectations, results=(results,), output=expectations)
    click.echo(f"from now on: async-orm-conformance run --settings {file.stem} --gate --expectations {expectations}")
    return answer


def _base(engine: str) -> str:
    name = engine.lower()
    for base, words in (("postgresql", ("postg", "psycopg")), ("mariadb", ("maria", "mysql")), ("sqlite", ("sqlite",))):
        if any(word in name for word in words):
            return base
    raise SuiteError(
        f"Which database {engine} is for cannot be told from its name.",
        "Name the one whose settings it takes: --like postgresql, mariadb or sqlite.",
        ExitCode.USAGE,
    )


def _write_settings(file: Path, engine: str, base: str) -> None:
    if file.exists():
        click.echo(f"{file} is kept")
        return
    package = engine.partition(".")[0]
    if importlib.util.find_spec(package) is None:
        raise SuiteError(
            f"{engine} cannot be imported: there is no package {package} here.",
            "Install the backend beside the suite, and name its engine as DATABASES does.",
            ExitCode.USAGE,
        )
    # Django's own engines need no app; a backend may have one.
    own = package != "django" and importlib.util.find_spec(f"{package}.apps") is not None
    apps = f'[*_APPS, "{package}"]' if own else "_APPS"
    file.write_text(_SETTINGS.format(engine=engine, base=base, apps=apps), "utf-8")
    click.echo(f"{file}: the sample app's settings for {base}, with this engine")


def _probe(file: Path, profile: str, seed: int, results: Path) -> Environment:
    environ = {**os.environ, "PYTHONHASHSEED": "0"}
    job = Job(sys.executable, file.stem, environ, (), PROFILES[profile], seed, results, start_in=file.resolve().parent)
    answer = ask_environment(job)
    if isinstance(answer, Environment):
        return answer
    raise SuiteError(
        f"{file} cannot be used: {answer}",
        "Correct it, or start the server that it names; then say `init` again: the file is kept.",
        ExitCode.HARNESS,
    )
