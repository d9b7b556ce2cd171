"""Read the code blocks of the documentation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
CONFORMANCE = ROOT / "docs/conformance.md"
ENVIRONMENTS = ROOT / "docs/environments.md"
LEAKS = ROOT / "docs/leaks.md"
QUERIES = ROOT / "docs/queries.md"
SAMPLE_APP = ROOT / "docs/sample_app.md"
MATRIX = ROOT / "docs/matrix.md"
PAGES = (README, *(ROOT / name for name in ("CONTRIBUTING.md", "SECURITY.md")), *sorted((ROOT / "docs").glob("*.md")))
LEFT_OUT = "..."
"""A line of shown output that stands for any number of lines, none included."""
_BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_UNSTEADY = {
    # Versions and durations.
    r"\d+(\.\w+)+": "N",
    r"\bTask-\d+": "Task-N",
    r"\bThreadPoolExecutor-\d+_\d+": "ThreadPoolExecutor-N",
    # Columns are as wide as the longest value.
    " +": " ",
}
_FILE = re.compile(r"# (?P<name>[\w/]+\.\w+)\n")


def fenced(page: Path) -> Iterator[tuple[str, str]]:
    """The language and the text of every fenced block."""
    for block in _BLOCK.finditer(page.read_text("utf-8")):
        yield block["language"], block["text"]


def blocks(page: Path, language: str) -> list[str]:
    """The text of every fenced block of a language."""
    return [text for found, text in fenced(page) if found == language]


def named_file(text: str) -> str | None:
    """The name of the file that a block is, which its first line gives as a comment; None if it is not a file."""
    named = _FILE.match(text)
    return None if named is None else named["name"]


def files(page: Path) -> dict[str, str]:
    """The files that a page tells its reader to write."""
    return {name: text for _, text in fenced(page) if (name := named_file(text))}


def commands(block: str) -> list[tuple[str, str]]:
    """Every command of a `console` block, which stands after `$ `, with the output below it."""
    found = []
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        found.append((command, output))
    return found


def sessions(page: Path) -> list[tuple[str, str]]:
    """Every command that a page shows, with its output."""
    return [session for block in blocks(page, "console") for session in commands(block)]


def session(page: Path, command: str) -> str:
    """What the page shows as the output of a command."""
    for found, output in sessions(page):
        if found == command:
            return output
    raise AssertionError(f"{page.name} shows no output of `{command}`")


def shows(shown: str, output: str) -> bool:
    """Whether a page shows this output: line for line, but for `LEFT_OUT` and for what differs from run to run."""
    lines = [r"(?:.*\n)*?" if line == LEFT_OUT else f"{re.escape(line)}\\n" for line in _steady_lines(shown)]
    return re.fullmatch("".join(lines), "".join(f"{line}\n" for line in _steady_lines(output))) is not None


def _steady_lines(text: str) -> list[str]:
    """The lines without those in which Python 3.13 and later underline a part of the line above."""
    return [_steady(line) for line in text.splitlines() if line.strip(" ^") or not line.strip()]


def _steady(line: str) -> str:
    """A line without what differs from run to run and from machine to machine."""
    for pattern, steady in _UNSTEADY.items():
        line = re.sub(pattern, steady, line)
    return line.rstrip()
