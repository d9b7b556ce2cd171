"""Read the code blocks of the documentation."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
CONFORMANCE = ROOT / "docs/conformance.md"
PAGES = (
    README,
    ROOT / "CONTRIBUTING.md",
    ROOT / "docs/index.md",
    ROOT / "docs/sandbox.md",
    ROOT / "docs/queries.md",
    ROOT / "docs/sample_app.md",
    CONFORMANCE,
)
_BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    """The text of every fenced block of a language."""
    found = _BLOCK.finditer(page.read_text("utf-8"))
    return [block["text"] for block in found if block["language"] == language]


def session(page: Path, command: str) -> str:
    """What the page shows as the output of a command, from a block that begins with `$ command`."""
    for block in blocks(page, "console"):
        first, _, output = block.partition("\n")
        if first == f"$ {command}":
            return output
    raise AssertionError(f"{page.name} shows no output of `{command}`")


def without_versions(text: str) -> str:
    """The text with every number of a version, and every duration, replaced: they differ by machine."""
    return re.sub(r"\d+(\.\w+)+", "N", text)
