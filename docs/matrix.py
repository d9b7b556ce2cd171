"""Keep the matrix that README and `docs/matrix.md` show what `docs/matrix.json` says.

`python docs/matrix.py` renders both again; `python docs/matrix.py conformance-results` takes new results first.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from conformance.case import Cell, Measured, Verdict
from conformance.catalogue import load_catalogue
from conformance.environment import Environment
from conformance.report import render_json, render_markdown
from conformance.results import Results, merge_results, read_folder

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs/matrix.json"
PAGE = ROOT / "docs/matrix.md"
README = ROOT / "README.md"
BEGIN, END = "<!-- matrix: begin, written by docs/matrix.py -->\n", "<!-- matrix: end -->\n"
_PASS = "🟩 P"
_LEGEND = "\n|  | Verdict | Meaning |\n"
_CLAIMS = "\nThe source text's claims beside"
_TITLE = """\
# The matrix

Written by `docs/matrix.py` from `docs/matrix.json`; [how to read it](conformance.md#how-to-read-the-report).

"""


def results_of(document: dict[str, Any]) -> list[Results]:
    """The results that `render_json` was given, as far as its document tells them."""
    return [_results(environment, document) for environment in document["environments"]]


def pages(document: dict[str, Any]) -> dict[Path, str]:
    """What each generated file must say."""
    rendered = render_markdown(results_of(document), load_catalogue())
    before, _, rest = README.read_text("utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    return {README: f"{before}{BEGIN}\n{_short(rendered, document)}\n{END}{after}", PAGE: _TITLE + rendered}


def _short(rendered: str, document: dict[str, Any]) -> str:
    """The matrix without the rows that pass everywhere, which are named below it, and the legend of what is left."""
    matrix, legend = rendered.partition(_CLAIMS)[0].split(_LEGEND)
    shown, passing, area = [], [], ""
    for line in matrix.splitlines():
        name, _, verdicts = line.partition("` ")
        if line.startswith("| **"):
            area = line
        elif line.startswith("| `") and verdicts.count(f"| {_PASS} ") == len(document["environments"]):
            passing.append(f"`{name.removeprefix('| `')}`")
        else:
            shown += [area, line] if area and line.startswith("| `") else [line]
            area = ""
    found = [line for line in legend.splitlines() if _occurs(line, document)]
    everywhere = f"Pass in all {len(document['environments'])} environments: {', '.join(passing)}."
    return "\n".join([*shown, "", everywhere, _LEGEND.rstrip(), *found, ""])


def _occurs(line: str, document: dict[str, Any]) -> bool:
    """Whether the line of the legend is its rule, or explains a verdict that was measured."""
    cells = line.split(" | ")
    return line.startswith("| ---") or (len(cells) > 1 and cells[1] in document["counts"]["verdicts"])


def _results(about: dict[str, Any], document: dict[str, Any]) -> Results:
    cells = tuple(_measured(about["id"], document))
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
    for path, text in pages(json.loads(DOCUMENT.read_text("utf-8"))).items():
        path.write_text(text, "utf-8")
        print(path)


if __name__ == "__main__":
    main()
