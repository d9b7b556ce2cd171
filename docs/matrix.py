"""Write `docs/matrix.md`, and a badge for each database in `docs/badges`, from `docs/matrix.json`.

`python docs/matrix.py` renders it again; `python docs/matrix.py conformance-results` takes new results first.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from conformance.case import Cell, Measured, Verdict
from conformance.catalogue import load_catalogue
from conformance.environment import Environment
from conformance.report import Badge, badges, render_json, render_markdown, write_badges
from conformance.results import Results, merge_results, read_folder

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs/matrix.json"
PAGE = ROOT / "docs/matrix.md"
BADGES = ROOT / "docs/badges"
_TITLE = """\
# The matrix

What was measured of each operation, then each claim about async Django beside what was measured of it. \
Written by `docs/matrix.py` from `docs/matrix.json`: [how to read it](conformance.md#how-to-read-the-report), \
[how to write it again](../CONTRIBUTING.md#the-matrix).

- Rows of the area `claim` measure a statement, not documentation: `F` there means that the statement is wrong. \
They never gate.
- Rows of the area `workaround` measure printed forms of workarounds, which never gate either, and the sample app's, \
which do.

"""


def results_of(document: dict[str, Any]) -> list[Results]:
    """The results that `render_json` was given, as far as its document tells them."""
    return [_results(environment, document) for environment in document["environments"]]


def page(document: dict[str, Any]) -> str:
    """What the generated page must say."""
    results, catalogue = results_of(document), load_catalogue()
    pictures = (f"![{badge.label}: {badge.message}](badges/{badge.name}.svg)" for badge in badges(results, catalogue))
    return "\n".join((f"{_TITLE}{' '.join(pictures)}", "", render_markdown(results, catalogue)))


def badges_of(document: dict[str, Any]) -> tuple[Badge, ...]:
    """One for each database: how many operations are right in every Django of the document."""
    return badges(results_of(document), load_catalogue())


def _results(about: dict[str, Any], document: dict[str, Any]) -> Results:
    days = {Cell.parse(cell): day for day, cells in about.get("reused", {}).items() for cell in cells}
    cells = tuple(_dated(measured, days) for measured in _measured(about["id"], document))
    missing = tuple(map(Cell.parse, about["missing"]))
    return Results(
        environment=Environment.from_dict(about["environment"]),
        seed=about["seed"],
        profile=about["profile"],
        suite=about["suite"],
        catalogue=about["catalogue"],
        planned=(*dict.fromkeys(measured.cell for measured in cells), *missing),
        cells=cells,
        complete=about["complete"],
    )


def _dated(measured: Measured, days: dict[Cell, str]) -> Measured:
    """With the day, if it was reused: the document names no other."""
    if (day := days.get(measured.cell)) is None:
        return measured
    return replace(measured, reused=True, day="" if day == "unknown" else day)


def _measured(environment: str, document: dict[str, Any]) -> Iterator[Measured]:
    for entry, about in document["entries"].items():
        checks = about["verdicts"].get(environment, {"checks": {}})["checks"]
        for check, verdict in checks.items():
            if Verdict.parse(verdict).name != "unknown":
                yield Measured(Cell(entry, check), verdict)


def main() -> None:
    """Write the generated files."""
    if folders := sys.argv[1:]:
        measured = merge_results([results for folder in folders for results in read_folder(Path(folder))])
        DOCUMENT.write_text(render_json(measured, load_catalogue()), "utf-8")
    document = json.loads(DOCUMENT.read_text("utf-8"))
    PAGE.write_text(page(document), "utf-8")
    for old in BADGES.glob("*"):
        old.unlink()
    for path in (PAGE, *write_badges(badges_of(document), BADGES)):
        print(path)


if __name__ == "__main__":
    main()
