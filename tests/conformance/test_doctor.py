"""What a machine lacks is said by axis, with the remedy."""

from __future__ import annotations

import socket
from collections.abc import Sequence

import pytest

from conformance.case import ExitCode, SuiteError
from conformance.cli import doctor as command
from conformance.cli import main
from conformance.matrix import ALL_SERIES
from conformance.runner import probes
from conformance.runner.probes import Machine, Probe, probe


def no_python(versions: Sequence[str], wanted_by: str) -> str:
    """A machine that has 3.11 alone."""
    if "3.11" not in versions:
        raise SuiteError(f"{wanted_by} needs another.", "Install one.", ExitCode.HARNESS)
    return "/usr/bin/python3.11"


BARE = Machine(
    python=no_python,
    answers=lambda host, port: "Connection refused",
    index=lambda url: "Name or service not known",
    builds_mysqlclient=lambda: False,
    embedded=lambda: False,
    installer=lambda: "pip",
)
WHOLE = Machine(
    python=lambda versions, wanted_by: f"/python{versions[0]}",
    answers=lambda host, port: "",
    index=lambda url: "",
    builds_mysqlclient=lambda: True,
    embedded=lambda: True,
    installer=lambda: "uv",
)


def found(machine: Machine) -> dict[tuple[str, str], Probe]:
    return {(each.axis, each.name): each for each in probe(machine)}


def test_a_machine_that_has_everything_lacks_nothing() -> None:
    """Five Pythons, every series, three databases and Redis, the compiled driver, the index."""
    whole = found(WHOLE)
    assert all(each.found for each in whole.values())
    assert len([name for axis, name in whole if axis == "Python"]) == 5
    assert [name for axis, name in whole if axis == "Django"] == list(ALL_SERIES)
    assert whole["packages", "index"].said == "https://pypi.org/simple answers; environments are built by uv"


def test_a_bare_machine_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with its reason, and SQLite is always there."""
    monkeypatch.setenv("PGHOST", "db.example.org")
    bare = found(BARE)
    assert bare["database", "sqlite"].found
    assert (bare["Python", "3.11"].found, bare["Python", "3.14"].found) == (True, False)
    assert (bare["Django", "5.2"].said, bare["Django", "6.1"].said) == (
        "/usr/bin/python3.11",
        "Django 6.1 needs another.",
    )
    said = bare["database", "postgresql"].said
    assert said.startswith(
        "nobody answers on db.example.org:5432 (Connection refused). Start the server, or set PGHOST"
    )
    assert "pkg-config" in bare["driver", "mysqlclient"].said
    assert bare["packages", "index"].said == (
        "https://pypi.org/simple does not answer (Name or service not known): "
        "only environments that are kept can be used"
    )


def test_a_socket_is_a_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    """libpq takes a path as its host."""
    monkeypatch.setenv("PGHOST", str(tmp_path))
    assert found(BARE)["database", "postgresql"].found
    monkeypatch.setenv("PGHOST", "/nowhere")
    assert not found(BARE)["database", "postgresql"].found


@pytest.mark.parametrize(("machine", "code"), [(WHOLE, 0), (BARE, 13)])
def test_the_answer_is_whether_the_first_command_can_be_given(
    machine: Machine, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line for each probe; 13, with what is missing, if a default version cannot be measured."""
    monkeypatch.setattr(command, "Machine", lambda: machine)
    assert main(["doctor"]) == code
    lines = capsys.readouterr().out.splitlines()
    assert (
        lines[0]
        == f"Python   3.10        {'yes  /python3.10' if machine is WHOLE else 'no   A column of it needs another.'}"
    )
    assert len([line for line in lines if line[21:24] in ("yes", "no ")]) == len(found(machine))
    assert (
        lines[-1] == "`matrix` cannot measure all of its default versions: it lacks Django 6.1, packages index"
    ) == (machine is BARE)


def test_this_machine_is_asked_in_earnest() -> None:
    """A port that listens, one that does not, an address that is none."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert probes.connect("127.0.0.1", port) == ""
    assert probes.connect("127.0.0.1", port)
    assert probes._open("file:///nowhere/at/all")
    assert probes._open("nonsense")
