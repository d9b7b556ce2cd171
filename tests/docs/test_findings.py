"""The page of the findings is what the suite knows."""

from __future__ import annotations

import importlib.util
import sys

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
