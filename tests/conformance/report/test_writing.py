"""What the site leaves on the disk: always the same bytes, and nothing that was not its own is touched."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.case import ExitCode, Measured, SuiteError
from conformance.catalogue import Catalogue
from conformance.report import render_html
from conformance.results import Results


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_results_give_the_same_bytes(
    tmp_path: Path, site: Path, catalogue: Catalogue, results: list[Results]
) -> None:
    """Order and place of the runs do not show, durations on one page alone, and writing twice changes nothing."""
    again = [
        replace(item, source="/elsewhere", cells=tuple(slower(cell) for cell in item.cells))
        for item in reversed(results)
    ]
    for _ in range(2):
        render_html(again, catalogue, tmp_path / "again")
    found, expected = content(tmp_path / "again"), content(site)
    assert {name for name in expected if found[name] != expected[name]} == {"slow.html"}
    assert found.keys() == expected.keys()


def slower(measured: Measured) -> Measured:
    return replace(measured, duration_ms=99.0)


def test_machine_paths_do_not_show(site: Path) -> None:
    """A folder of the machine that measured is in no page."""
    assert not [name for name, text in content(site).items() if b"/home/" in text or b"/tmp/" in text]


def test_only_stale_pages_of_ours_are_removed(tmp_path: Path, catalogue: Catalogue, results: list[Results]) -> None:
    """A page of an entry that is gone disappears; a file that somebody else put there stays."""
    render_html(results, catalogue, tmp_path)
    entries = tmp_path / "entries"
    shutil.copy(entries / "model.asave.html", entries / "gone.entry.html")
    (entries / "mine.html").write_text("<p>mine", "utf-8")
    render_html(results, catalogue, tmp_path)
    assert not (entries / "gone.entry.html").exists()
    assert (entries / "mine.html").exists()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, catalogue: Catalogue, results: list[Results]) -> None:
    """The error names the folder and the remedy, and is a harness error, not a traceback."""
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(SuiteError) as caught:
        render_html(results, catalogue, tmp_path / "file" / "report")
    assert caught.value.code is ExitCode.HARNESS
    assert str(tmp_path / "file" / "report") in caught.value.message
    assert "--output" in caught.value.remedy
