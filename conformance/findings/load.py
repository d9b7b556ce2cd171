"""Read the findings and their programs, which come with the suite."""

from __future__ import annotations

import sys
from functools import cache
from importlib.resources import files
from typing import Any

from conformance.findings.model import DjangoFinding, Findings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@cache
def load_findings() -> Findings:
    """Every finding. Raises `ValueError` for a file that is not TOML, `TypeError` for a field that there is not."""
    document = tomllib.loads((files("conformance.findings") / "findings.toml").read_text("utf-8"))
    return Findings(tuple(map(_finding, document["finding"])))


def program_of(finding: DjangoFinding) -> str:
    """The program that shows it: it prints two lines, which differ where Django has the finding.

    Empty if there is none.
    """
    program = files("conformance.findings") / "programs" / f"{finding.id}.py"
    return program.read_text("utf-8") if program.is_file() else ""


def _finding(item: dict[str, Any]) -> DjangoFinding:
    return DjangoFinding(**{**item, "cells": tuple(item["cells"].items())})
