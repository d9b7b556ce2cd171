"""What is said to be wrong in Django is shown by programs, and is not held against a backend."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from dataclasses import replace
from datetime import date
from itertools import product
from pathlib import Path

import django
import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from conformance.case import Cell
from conformance.catalogue import load_catalogue
from conformance.cli.app import main
from conformance.expectations import Expectations
from conformance.findings import DjangoFinding, load_findings, program_of
from conformance.gate import GateResult, judge
from tests.conformance.synthetic import POSTGRESQL, results

MOST_LINES = 40
FINDINGS = list(load_findings())
PLACES = {"Django": "https://docs.djangoproject.com/en/stable/", "asgiref": "https://github.com/django/asgiref#"}
PYTHON = platform.python_version()
# A few of them, of each kind: each takes a process.
SHOWN = (
    "sessions.adelete_test_cookie",
    "sessions.file",
    "auth.base_backend.overridden",
    "auth.alogin",
    "cache.overridden",
    "asgiref.sync_to_async.stop_iteration",
    "client.follow.preserving_method",
    "http.request.encoding",
    "m2m.acount",
    "signals.asend",
    "signals.asend.tasks",
    "views.decorators.csrf_protect",
)
KNOWN = "sessions.adelete_test_cookie:state"


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.id)
def test_a_finding_says_all_that_a_reader_needs(finding: DjangoFinding) -> None:
    """A sentence of the documentation or what it lacks, a place there, versions, and cells that there are."""
    assert finding.claim.endswith(".")
    assert bool(finding.says) != bool(finding.missing)
    assert finding.link.startswith(PLACES[finding.package])
    assert "#" in finding.link
    assert SpecifierSet(finding.django)
    assert not finding.python or finding.python.startswith("<"), "the page says `on Python before`"
    catalogue = load_catalogue()
    for cell, verdict in finding.cells:
        catalogue.check(Cell.parse(cell))
        assert set(verdict.split(" or ")) <= {"silent", "fail", "loud"}


def test_no_verdict_has_two_findings() -> None:
    """In one version, a verdict of a cell is explained by one of them."""
    claimed = [(cell, finding) for finding in FINDINGS for cell, _ in finding.cells]
    for number, (cell, finding) in enumerate(claimed):
        others = [other.id for name, other in claimed[number + 1 :] if name == cell and _overlap(finding, other)]
        assert not others, f"{cell} of {finding.id}"


def _overlap(one: DjangoFinding, other: DjangoFinding) -> bool:
    versions = product(("4.2", "5.0", "5.1", "5.2", "6.0", "6.1"), ("3.11.7", "3.12.6", "3.13.0"))
    return any(one.is_in(*version) and other.is_in(*version) for version in versions)


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.id)
def test_a_program_is_short_and_needs_django_alone(finding: DjangoFinding) -> None:
    """It begins with its claim."""
    program = program_of(finding)
    assert program.startswith('"""')
    assert program.count("\n") <= MOST_LINES
    assert "conformance" not in program


@pytest.mark.parametrize("name", SHOWN)
def test_a_program_shows_the_finding(name: str, tmp_path: Path) -> None:
    """Its two lines differ on a Django that has the finding, and on no other."""
    (finding,) = (each for each in FINDINGS if each.id == name)
    since = min(Version(each.version) for each in SpecifierSet(finding.django) if each.operator == ">=")
    if Version(django.get_version()) < since:
        pytest.skip("what it shows came with a later Django")
    (tmp_path / "shown.py").write_text(program_of(finding), "utf-8")
    command = [sys.executable, "-I", "-W", "ignore", "shown.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    first, second = (line.partition(":")[2].strip() for line in done.stdout.splitlines())
    assert (first != second) == finding.is_in(django.get_version(), PYTHON)


def test_repro_prints_the_program_of_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    """Without any results."""
    assert main(["repro", KNOWN]) == 0
    assert capsys.readouterr().out == program_of(next(each for each in FINDINGS if each.has(KNOWN)))


def test_show_tells_of_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    """Below the check that it leads to, with its versions."""
    assert main(["show", "sessions.adelete_test_cookie"]) == 0
    assert "wrong in Django >=5.1: `adelete_test_cookie()` does not mark" in capsys.readouterr().out


def gate(cell: str, verdict: str, version: str, python: str = "3.12.11") -> GateResult:
    """What the gate says of one verdict on that Django."""
    catalogue = load_catalogue()
    environment = replace(POSTGRESQL, django=version, python=python)
    measured = results({Cell.parse(cell): verdict}, environment=environment, digest=catalogue.hash)
    return judge([measured], catalogue, Expectations(), date(2027, 1, 10))


def test_what_is_wrong_in_django_is_listed_and_does_not_count() -> None:
    """It is not the backend's fault."""
    judged = gate(KNOWN, "silent", "6.1")
    assert judged.code == 0
    assert "is silent, and it is Django that is wrong: `adelete_test_cookie()`" in judged.notes[0].message


@pytest.mark.parametrize(
    ("cell", "verdict", "version"),
    [
        (KNOWN, "fail", "6.1"),
        ("sessions.adelete_test_cookie:loop", "fail", "6.1"),
        ("cache.aget_many:override", "silent", "6.1"),
    ],
)
def test_anything_else_counts(cell: str, verdict: str, version: str) -> None:
    """Another verdict, another cell, or a Django in which it was put right."""
    assert gate(cell, verdict, version).code == 10


def test_a_finding_may_lead_to_another_verdict_on_another_database() -> None:
    """Either is explained, and nothing else."""
    (finding,) = (each for each in FINDINGS if each.id == "composite.annotated.acount")
    cell = "composite.annotated.acount:model"
    environment = replace(POSTGRESQL, django="6.1")
    found = [finding.explains(cell, verdict, environment) for verdict in ("silent", "fail", "crash", "or")]
    assert found == [True, True, False, False]


@pytest.mark.parametrize(("python", "code"), [("3.11.7", 0), ("3.12.5", 0), ("3.12.6", 10), ("3.13.0", 10)])
def test_a_finding_may_depend_on_python(python: str, code: int) -> None:
    """It counts on a Python in which it was put right, and is said to be asgiref's fault, not Django's."""
    judged = gate("asgiref.sync_to_async.stop_iteration:model", "silent", "5.2.19", python)
    assert judged.code == code
    assert all("it is asgiref that is wrong: Where the function" in note.message for note in judged.notes)


def test_findings_are_no_part_of_the_catalogue() -> None:
    """What is known of Django is judged and not measured: the hash of the catalogue is that of the matrix."""
    entry = load_catalogue().entry("asgiref.sync_to_async.stop_iteration")
    assert entry.gates
    document = json.loads((Path(__file__).parents[2] / "docs/matrix.json").read_text("utf-8"))
    assert document["catalogue"] == load_catalogue().hash
