"""The figures of public suites as a table, in docs/sandbox.md between two marks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).with_name("public_suites_results.json")
DOCUMENT = ROOT / "docs" / "sandbox.md"
BEGIN, END = "<!-- public suites: begin -->", "<!-- public suites: end -->"
HEAD = (
    "| suite | tests | pass without | with | `-W error`: without | with | async tests isolated |\n"
    "| --- | --- | --- | --- | --- | --- | --- |"
)


def rows(found: Sequence[dict[str, Any]]) -> list[str]:
    """A line of the table for each suite."""
    return [_row(suite, found) for suite in dict.fromkeys(each["suite"] for each in found)]


def _row(suite: str, found: Sequence[dict[str, Any]]) -> str:
    kinds = {each["kind"]: each for each in found if each["suite"] == suite}
    plain, errors, isolated = (kinds.get(kind) for kind in ("plain", "errors", "isolated"))
    cells = [suite, str(plain["tests"]) if plain else ""]
    for kind in (plain, errors):
        cells += [str(kind["passed_without"]), str(kind["passed_with"])] if kind else ["", ""]
    cells.append(str(isolated["passed_with"]) if isolated else "")
    return f"| {' | '.join(cells)} |"


def render(found: Sequence[dict[str, Any]], document: Path = DOCUMENT) -> None:
    """Write the table between the marks of a document."""
    before, rest = document.read_text().split(BEGIN)
    _, after = rest.split(END)
    table = "\n".join([HEAD, *rows(found)])
    document.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}")
