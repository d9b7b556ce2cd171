"""`run --since` and `run --gate`: what passed and is unchanged is not measured again; what was measured is judged."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.case import Cell
from conformance.results import Results, read_folder, results_schema, unchanged
from conformance.results.records import run_record
from tests.conformance.commands import MISBEHAVING, conform
from tests.conformance.synthetic import ATOMIC, COUNT, POSTGRESQL, SQL, SQLITE, results

pytestmark = pytest.mark.usefixtures("forked")
RUN = run_record(POSTGRESQL, seed=1, profile="ci", suite="0.1", catalogue="h")
ENTRIES = {"queryset.acount": "abc", "atomic.coroutine": "def"}
CELLS = (COUNT, SQL, ATOMIC)


def kept(part: Results, **changes: Any) -> list[Cell]:
    """The cells that need not be measured again."""
    return [measured.cell for measured in unchanged([part], {**RUN, **changes}, ENTRIES, CELLS)]


def test_what_passed_is_kept() -> None:
    """What did not, what differed between attempts and what is missing is measured again."""
    assert kept(results({COUNT: "pass", SQL: "fail"})) == [COUNT]
    assert kept(results({COUNT: ["fail", "pass"], SQL: "pass"})) == [SQL]


@pytest.mark.parametrize(
    ("part", "changes", "expected"),
    [
        ({}, {}, [COUNT, ATOMIC]),
        ({"entries": ENTRIES}, {"catalogue": "other"}, [COUNT, ATOMIC]),
        ({"entries": {**ENTRIES, "queryset.acount": "other"}}, {}, [ATOMIC]),
        ({}, {"catalogue": "other"}, []),
        ({}, {"seed": 2}, []),
        ({}, {"profile": "full"}, []),
        ({}, {"suite": "0.2"}, []),
        ({}, {"environment": SQLITE.as_dict()}, []),
    ],
)
def test_what_has_changed_is_measured_again(
    part: dict[str, Any], changes: dict[str, Any], expected: list[Cell]
) -> None:
    """An entry by its digest, or by the whole catalogue where there is none; everything in another kind of run."""
    assert kept(replace(results({COUNT: "pass", ATOMIC: "pass"}), **part), **changes) == expected


PASSES, FAILS, SILENT = (Cell(f"synthetic.{name}", "result") for name in ("passes", "fails", "silent"))
ONLY = [word for cell in (PASSES, FAILS, SILENT) for word in ("--only", str(cell))]


def run(folder: Path, *arguments: str) -> Any:
    """Measure three cells of a catalogue that lies in the folder."""
    catalogue = folder / "catalogue"
    if not catalogue.exists():
        shutil.copytree(MISBEHAVING / "catalogue", catalogue)
    command = ["run", "--profile", "smoke", "--catalogue", "catalogue", "--checks", "misbehaving_checks", *ONLY]
    return conform(*command, *arguments, cwd=folder)


def begun(output: str) -> list[str]:
    """The cells that were measured."""
    return [line.split()[2] for line in output.splitlines() if line.startswith("[")]


def test_a_second_run_measures_what_did_not_pass_and_what_changed(tmp_path: Path) -> None:
    """One attempt a cell in the new file, the old one set aside; a changed entry is measured, others are kept."""
    assert run(tmp_path).returncode == 0
    again = run(tmp_path, "--since", "conformance-results")
    assert again.returncode == 0, again.stderr
    assert "2 of 3 cells to measure" in again.stdout
    assert begun(again.stdout) == ["synthetic.silent:result", "synthetic.fails:result"]
    (found,) = read_folder(tmp_path / "conformance-results")
    assert (found.complete, len(found.cells)) == (True, 3)
    assert {str(each.cell): (each.reused, bool(each.day)) for each in found.cells} == {
        "synthetic.passes:result": (True, True),
        "synthetic.silent:result": (False, True),
        "synthetic.fails:result": (False, True),
    }
    assert len(list((tmp_path / "conformance-results").glob("*.old-1.jsonl"))) == 1
    (file,) = (tmp_path / "catalogue").glob("*.toml")
    text = file.read_text()
    for entry, measured in (("synthetic.raises", 2), ("synthetic.passes", 3)):
        head, _, tail = text.partition(f'id = "{entry}"\n')
        file.write_text(
            f'{head}id = "{entry}"\n{tail.replace("title = ", "title = " + chr(34) + "x" + chr(34) + " #", 1)}'
        )
        assert f"{measured} of 3 cells to measure" in run(tmp_path, "--since", "conformance-results").stdout


def test_digests_are_written_beside_the_plan(tmp_path: Path) -> None:
    """For the entries that are planned, as the schema says."""
    assert run(tmp_path).returncode == 0
    (found,) = read_folder(tmp_path / "conformance-results")
    assert set(found.entries) == {"synthetic.passes", "synthetic.fails", "synthetic.silent"}
    assert "entries" in results_schema()["$defs"]["plan"]["properties"]


EXPECT = '[[expect]]\nmatch = "synthetic.{}"\noutcome = "{}"\nclass = "bug"\nreason = "r"\nissue = "#1"\n'


@pytest.mark.parametrize(
    ("rules", "code", "last"),
    [
        ({"fails": "fail", "silent": "silent"}, 0, "exit 0 (conforms)"),
        ({"fails": "fail"}, 10, "exit 10 (regression)"),
        ({"fails": "fail", "silent": "silent", "passes": "fail"}, 11, "exit 11 (stale or unmatched expectation)"),
    ],
)
def test_what_was_measured_is_judged(rules: dict[str, str], code: int, last: str, tmp_path: Path) -> None:
    """The code and the words of `gate`, in one command."""
    (tmp_path / "e.toml").write_text("".join(EXPECT.format(*rule) for rule in rules.items()))
    ended = run(tmp_path, "--gate", "--expectations", "e.toml")
    assert (ended.returncode, ended.stdout.splitlines()[-1]) == (code, last), ended.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (["--expectations", "e.toml"], 64, "--expectations is for --gate"),
        (["--gate", "--expectations", "none.toml"], 65, "The expectations in none.toml cannot be read"),
        (["--since", "nowhere"], 12, "There are no results in nowhere."),
    ],
)
def test_what_cannot_be_asked(arguments: list[str], code: int, error: str, tmp_path: Path) -> None:
    """Before anything is measured."""
    ended = run(tmp_path, *arguments)
    assert ended.returncode == code
    assert error in ended.stderr
    assert not (tmp_path / "conformance-results").exists()
