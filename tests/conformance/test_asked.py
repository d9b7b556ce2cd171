"""What a check asks is told of the entry that it belongs to: one name may ask another thing elsewhere."""

from __future__ import annotations

import pytest

from conformance.catalogue import JUDGES, load_catalogue
from conformance.catalogue.situations import SITUATIONS, asked_by
from conformance.cli import main

CATALOGUE = load_catalogue()


def test_every_check_is_told() -> None:
    """No check of the suite's own catalogue is a bare name."""
    silent = {cell for cell in CATALOGUE.cells() if not asked_by(CATALOGUE.entry(cell.entry), cell.check)}
    assert silent == set()


@pytest.mark.parametrize(
    ("entry", "check", "asks"),
    [
        ("queryset.acount", "cancelled", JUDGES["cancelled"].asks),
        ("workaround.w2.printed", "cancelled", SITUATIONS["cancelled"][1]),
        ("workaround.w2.printed", "overlap", SITUATIONS["overlap"][1]),
        ("claim.o9.gather_overlaps", "overlap", "Are two statements under way at one time?"),
    ],
)
def test_a_name_asks_what_its_entry_means(
    entry: str, check: str, asks: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A claim's `overlap` is no situation of a workaround, and a workaround's `cancelled` is no judge."""
    assert asked_by(CATALOGUE.entry(entry), check) == asks
    assert main(["show", f"{entry}:{check}"]) == 0
    assert f"asks: {asks}\n" in capsys.readouterr().out


@pytest.mark.parametrize("entry", ["workaround.w2.printed", "claim.o9.gather_overlaps"])
def test_no_file_is_named_that_nobody_has(entry: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The source text is no part of the suite: its rows are named, and no path to it."""
    assert main(["show", entry]) == 0
    out = capsys.readouterr().out
    assert "the source text, " in out
    assert "spec/systems.md" not in out
