"""The faults of releases that the page shows: the document's, each of a cell that there is, in order."""

from __future__ import annotations

import importlib.util
import json
import sys
from types import ModuleType
from typing import Any

import pytest
from packaging.version import Version

from conformance.case import Cell
from conformance.catalogue import load_catalogue
from tests.docs.pages import ROOT

REMEDY = "docs/releases.md is out of date: `python docs/releases.py` writes it again"
# How many pairs of neighbouring releases are shown at least.
LEAST = {"django": 12, "asgiref": 6}


@pytest.fixture(scope="module")
def releases() -> ModuleType:
    """The script, which is not part of any package."""
    spec = importlib.util.spec_from_file_location("docs_releases", ROOT / "docs/releases.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pairs(releases: ModuleType) -> list[dict[str, Any]]:
    """Every pair of the document."""
    found: list[dict[str, Any]] = json.loads(releases.DOCUMENT.read_text("utf-8"))["pairs"]
    return found


def test_the_page_says_what_the_document_says(releases: ModuleType) -> None:
    """Rendering again does not change the page."""
    document = json.loads(releases.DOCUMENT.read_text("utf-8"))
    assert releases.PAGE.read_text("utf-8") == releases.page(document), REMEDY


@pytest.mark.parametrize("package", LEAST)
def test_there_are_enough(pairs: list[dict[str, Any]], package: str) -> None:
    """Of both packages, between different releases."""
    own = {(pair["wrong"], pair["right"]) for pair in pairs if pair["package"] == package}
    assert len(own) >= LEAST[package]


def test_each_is_of_a_cell_and_of_neighbours(pairs: list[dict[str, Any]]) -> None:
    """A cell that is renamed takes its pairs with it; the right release comes after the wrong one."""
    catalogue = load_catalogue()
    for pair in pairs:
        catalogue.check(Cell.parse(pair["cell"]))
        assert Version(pair["wrong"]) < Version(pair["right"])
        assert pair["says"].endswith(".")
        assert pair["was"] in ("silent", "fail")


def test_they_are_sorted(pairs: list[dict[str, Any]]) -> None:
    """By package, release and cell, each once."""
    order = [(pair["package"] != "django", Version(pair["right"]), pair["cell"]) for pair in pairs]
    assert order == sorted(set(order))


def test_a_pair_is_told_with_its_command(releases: ModuleType) -> None:
    """The wrong release, exactly; of asgiref with the Django that it was measured on."""
    django = {"package": "django", "wrong": "6.0", "cell": "a.b:c", "profile": "ci"}
    asgiref = {"package": "asgiref", "wrong": "3.8.0", "django": "4.2.30", "cell": "a.b:c", "profile": "smoke"}
    assert releases.shown_by(django) == (
        "async-orm-conformance matrix --django 6.0.0 --database sqlite --only a.b:c --profile ci"
        " && async-orm-conformance repro a.b:c"
    )
    assert "--django 4.2.30 --asgiref 3.8.0 --database sqlite" in releases.shown_by(asgiref)
