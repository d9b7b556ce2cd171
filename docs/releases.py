"""Write `docs/releases.md` from `docs/releases.json`: faults of a release that the suite finds, and the next has not.

`python docs/releases.py` renders the page again. A row of the document is added by hand, from what `history` says.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs/releases.json"
PAGE = ROOT / "docs/releases.md"
_NAMES = {"django": "Django", "asgiref": "asgiref"}
_TITLE = """\
# Faults of releases

What the catalogue finds in a release and not in the next one: each was seen by measuring both, on SQLite. \
Written by `docs/releases.py` from `docs/releases.json`.

"""
_HOW = """\
## To see one

`matrix` measures the release that is wrong, building its environment the first time, and `repro` prints the failure \
as a program that needs nothing of the suite; where it fits in none, it says how to measure it again. \
`history CELL` finds the same by bisection.

"""


def page(document: dict[str, Any]) -> str:
    """What the generated page must say."""
    pairs = document["pairs"]
    parts = [_TITLE, *_counts(pairs)]
    for package in _NAMES:
        parts += ["\n", *_table(package, [pair for pair in pairs if pair["package"] == package])]
    return "".join([*parts, "\n", _HOW, *_commands(pairs)])


def _counts(pairs: list[dict[str, Any]]) -> Iterator[str]:
    for package, name in _NAMES.items():
        own = [pair for pair in pairs if pair["package"] == package]
        releases = {(pair["wrong"], pair["right"]) for pair in own}
        yield f"- {name}: {len(own)} faults, between {len(releases)} pairs of neighbouring releases.\n"


def _table(package: str, pairs: list[dict[str, Any]]) -> Iterator[str]:
    yield f"## {_NAMES[package]}\n\n| last wrong | first right | cell | was | what was wrong |\n"
    yield "| --- | --- | --- | --- | --- |\n"
    for pair in pairs:
        yield f"| {pair['wrong']} | {pair['right']} | `{pair['cell']}` | {pair['was']} | {pair['says']} |\n"


def _commands(pairs: list[dict[str, Any]]) -> Iterator[str]:
    """One line for each pair: the release is measured, and its failure shown."""
    for pair in pairs:
        yield f"- {_NAMES[pair['package']]} {pair['wrong']}: `{shown_by(pair)}`\n"


def shown_by(pair: dict[str, Any]) -> str:
    """What measures the wrong release, and prints its failure as a program."""
    django, asgiref = pair["wrong"], ""
    if pair["package"] == "asgiref":
        django, asgiref = pair["django"], f" --asgiref {pair['wrong']}"
    # A series stands for its newest release.
    django = f"{django}.0" if django.count(".") == 1 else django
    measured = f"--django {django}{asgiref} --database sqlite --only {pair['cell']} --profile {pair['profile']}"
    return f"async-orm-conformance matrix {measured} && async-orm-conformance repro {pair['cell']}"


def main() -> None:
    """Write the generated page."""
    PAGE.write_text(page(json.loads(DOCUMENT.read_text("utf-8"))), "utf-8")
    print(PAGE)


if __name__ == "__main__":
    main()
