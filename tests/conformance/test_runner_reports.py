"""The same seed gives the same bytes; environments and runs never share a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.case import Cell
from conformance.cli import main
from conformance.environment import Environment
from conformance.results import file_name, read_folder
from tests.conformance.commands import conform, conform_apart
from tests.conformance.synthetic import POSTGRESQL

ONLY = [word for name in ("queryset.aget", "concurrency", "transaction.async_with_atomic") for word in ("--only", name)]
COMMAND = ["run", "--profile", "smoke", *ONLY]


def measure(folder: Path, *arguments: str, hashing: str = "") -> Path:
    """Results in a folder of their own, of a process that hashes in an order of its own if one is named."""
    folder.mkdir()
    command = [*COMMAND, *arguments, "--results", str(folder / "results")]
    ended = conform_apart(*command, cwd=folder, PYTHONHASHSEED=hashing) if hashing else conform(*command, cwd=folder)
    assert ended.returncode == 0, ended.stderr
    return folder / "results"


def reports(results: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """Every file of every format."""
    output = results.parent / "site"
    assert main(["report", "--output", str(output), str(results)]) == 0
    files = {str(path.relative_to(output)): path.read_text("utf-8") for path in output.rglob("*") if path.is_file()}
    for kind in ("md", "json"):
        capsys.readouterr()
        assert main(["report", "--format", kind, str(results)]) == 0
        files[kind] = capsys.readouterr().out
    return files


def test_the_same_seed_gives_the_same_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Byte by byte in HTML, Markdown and JSON, in whatever order this Python hashes."""
    first = reports(measure(tmp_path / "a", hashing="1"), capsys)
    second = reports(measure(tmp_path / "b", hashing="2"), capsys)
    assert len(first) > 10
    assert first.keys() == second.keys()
    # How long each took is of the run.
    assert [name for name, text in first.items() if second[name] != text and name != "slow.html"] == []


@pytest.mark.usefixtures("forked")
def test_the_seed_reaches_the_examples(tmp_path: Path) -> None:
    """Two seeds are two runs: the second sets the first's file aside and draws other rows."""
    seen = []
    for seed in ("1", "2"):
        folder = tmp_path / "same"
        one = ["run", "--profile", "smoke", "--only", "queryset.aget", "--seed", seed]
        ended = conform(*one, "--results", str(folder), cwd=tmp_path)
        assert ended.returncode == 0, ended.stderr
        (results,) = read_folder(folder)
        seen.append([results.last(cell) for cell in results.planned])
    evidence = [[measured.evidence for measured in run if measured] for run in seen]
    assert evidence[0] != evidence[1]
    assert len(list(folder.glob("*.old-1.jsonl"))) == 1


@pytest.mark.parametrize("axis", sorted(POSTGRESQL.as_dict()))
def test_two_environments_never_share_a_file(axis: str) -> None:
    """A change in any one axis is another name, also where it does not show in the readable part."""
    fields = POSTGRESQL.as_dict()
    other = {bool: lambda value: not value, int: lambda value: value + 1, str: lambda value: value.upper() + "+"}
    changed = Environment(**{**fields, axis: other[type(fields[axis])](fields[axis])})
    assert file_name(changed) != file_name(POSTGRESQL)


@pytest.mark.usefixtures("forked")
def test_coroutines_run_by_asgiref_have_the_same_verdicts(tmp_path: Path) -> None:
    """`--runner async_to_sync` is another environment, beside the first, with the same answers."""
    first, second = (
        read_folder(measure(tmp_path / runner, "--runner", runner))[0] for runner in ("asyncio.run", "async_to_sync")
    )
    assert {first.environment.runner, second.environment.runner} == {"asyncio.run", "async_to_sync"}
    verdicts: list[dict[Cell, str]] = [
        {cell: str(part.verdict(cell)) for cell in part.planned} for part in (first, second)
    ]
    assert verdicts[0] == verdicts[1]
