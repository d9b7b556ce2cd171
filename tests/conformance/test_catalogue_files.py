"""Catalogue files: what is wrong in one is said with the file and the entry."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.case import ExitCode, SuiteError
from conformance.catalogue import load_catalogue
from tests.conformance.synthetic import ATOMIC, CATALOGUE, COUNT, NEW, SQL, catalogue, write_catalogue


def test_the_suites_own_is_valid() -> None:
    """Nothing else validates it."""
    assert load_catalogue(validate=True).entries


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            'level = "must"',
            'level = "may"',
            "in entry, number 1 ('queryset.acount'), level: it must be one of must, should",
        ),
        (
            "title",
            "titel",
            "in entry, number 1 ('queryset.acount'): `titel` is not a known name; did you mean `title`?",
        ),
        ('kills = { planted = "silent" }', "kills = { }", "checks, result, kills: it must not be empty"),
        ('"queryset.anew"', '"queryset.acount"', "the id 'queryset.acount' is there 2 times"),
        (
            'since = "6.0"',
            'depends_on = ["x.y"]',
            "'queryset.anew' depends on something unknown: there is no entry called",
        ),
        ('since = "6.0"', 'depends_on = ["queryset.anew"]', "entries depend on each other in a circle"),
        ('{ entry = "queryset.acount" }', '{ entry = "queryset.gone" }', "'O1' is measured by something unknown"),
        ("[[claim]]", "[[claim", "synthetic.toml: it is not TOML"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, problem: str) -> None:
    """Bad input with the remedy; the same file without the mistake loads."""
    assert load_catalogue(write_catalogue(tmp_path / "right")).entries
    with pytest.raises(SuiteError) as caught:
        load_catalogue(write_catalogue(tmp_path / "wrong", CATALOGUE.replace(old, new, 1)))
    assert caught.value.code is ExitCode.BAD_INPUT
    assert problem in caught.value.message
    assert "schema catalogue" in caught.value.remedy


def test_a_catalogue_that_is_not_there_is_named(tmp_path: Path) -> None:
    """No folder, no entries, no traceback."""
    with pytest.raises(SuiteError, match="No such file or directory") as caught:
        load_catalogue(tmp_path / "none")
    assert caught.value.code is ExitCode.BAD_INPUT


def test_cells_are_selected_by_entry_area_cell_and_pattern(tmp_path: Path) -> None:
    """In the order of the catalogue, each once."""
    known = catalogue(tmp_path)
    assert known.select(("queryset.acount", str(COUNT), "atomic")) == (COUNT, SQL, ATOMIC)
    assert known.select(("*.anew:result",)) == (NEW,)
    assert len(known.select(())) == 5


def test_the_hash_is_of_the_content_not_of_the_layout(tmp_path: Path) -> None:
    """A comment changes nothing, nor does what a text says; an entry's title does."""
    first = catalogue(tmp_path).hash
    assert load_catalogue(write_catalogue(tmp_path / "a", f"# a comment\n{CATALOGUE}")).hash == first
    assert load_catalogue(write_catalogue(tmp_path / "b", CATALOGUE.replace("Watched", "Seen"))).hash != first
    said = CATALOGUE.replace("Counting works.", "Counting is fast.")
    assert load_catalogue(write_catalogue(tmp_path / "c", said)).hash == first
