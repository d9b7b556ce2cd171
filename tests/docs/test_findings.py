"""The page of the findings is what the suite knows."""

from __future__ import annotations

import importlib.util
import json
import sys

import pytest

from conformance.case import Cell
from conformance.findings import DjangoFinding, load_findings
from tests.docs.pages import ROOT

REMEDY = "docs/findings.md is out of date: `tox run -q -e docs` writes it again"


def test_the_page_says_what_the_suite_knows() -> None:
    """Rendering again does not change it."""
    spec = importlib.util.spec_from_file_location("docs_findings", ROOT / "docs/findings.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    assert module.PAGE.read_text("utf-8") == module.page(), REMEDY


# Where a finding needs another database than the documented matrix has, its claim names it.
ELSEWHERE = ("MariaDB", "PostgreSQL")
MATRIX = json.loads((ROOT / "docs/matrix.json").read_text("utf-8"))


@pytest.mark.parametrize("finding", list(load_findings()), ids=lambda finding: finding.id)
def test_the_matrix_has_what_a_finding_says(finding: DjangoFinding) -> None:
    """Its first cell is wrong on each measured Django that has it; one that was put right is seen to be over."""
    name, said = finding.cells[0]
    cell = Cell.parse(name)
    verdicts = MATRIX["entries"][cell.entry]["verdicts"]
    for measured in MATRIX["environments"]:
        version, python = measured["environment"]["django"], measured["environment"]["python"]
        if finding.is_in(version, python) and not any(database in finding.claim for database in ELSEWHERE):
            assert verdicts[measured["id"]]["checks"][cell.check] in said.split(" or "), version
