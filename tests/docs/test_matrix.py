"""The matrix that its page shows is what was measured."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from conformance.catalogue import load_catalogue
from conformance.report import render_json, write_badges
from tests.docs.pages import ROOT

REMEDY = "docs/matrix.md is out of date: `tox run -q -e docs` writes it again"


@pytest.fixture(scope="module")
def matrix() -> ModuleType:
    """The script, which is not part of any package."""
    spec = importlib.util.spec_from_file_location("docs_matrix", ROOT / "docs/matrix.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_page_says_what_the_document_says(matrix: ModuleType) -> None:
    """Rendering again does not change the page of the matrix."""
    document = json.loads(matrix.DOCUMENT.read_text("utf-8"))
    assert matrix.PAGE.read_text("utf-8") == matrix.page(document), REMEDY


def test_each_database_has_its_badge(matrix: ModuleType, tmp_path: Path) -> None:
    """Rendering again does not change the badges, and there is no other."""
    document = json.loads(matrix.DOCUMENT.read_text("utf-8"))
    write_badges(matrix.badges_of(document), tmp_path)
    there, wanted = (
        {path.name: path.read_text("utf-8") for path in folder.iterdir()} for folder in (matrix.BADGES, tmp_path)
    )
    assert there == wanted, REMEDY
    vendors = {about["environment"]["vendor"] for about in document["environments"]}
    assert set(wanted) == {f"{vendor}.{kind}" for vendor in vendors for kind in ("json", "svg")}


def test_the_document_is_read_without_loss(matrix: ModuleType) -> None:
    """What is read from the document renders to the same verdicts, counts and environments."""
    document = json.loads(matrix.DOCUMENT.read_text("utf-8"))
    again = json.loads(render_json(matrix.results_of(document), load_catalogue()))
    assert again["environments"] == document["environments"]
    if again["catalogue"] == document["catalogue"]:
        assert again == document
