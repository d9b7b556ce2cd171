"""What the corpus's own sources say must be found: `# leak: kind`, or `# leak of test_a, test_b*3: kind` in a view."""

from __future__ import annotations

import ast
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

CORPUS = Path(__file__).parent / "leak_corpus"
_MARK = re.compile(r"# leak(?: of (?P<tests>[\w*, ]+))?: (?P<kind>[a-zA-Z ]+?)(?: x (?P<count>\d+))?$")


@dataclass(frozen=True)
class Expected:
    """One line that must be named, for one program."""

    program: str
    kind: str
    line: str


def programs(prefix: str) -> list[str]:
    """The test functions of the modules whose names begin so, as module::function."""
    return [
        f"{path.stem}::{node.name}"
        for path in sorted(CORPUS.glob(f"{prefix}*.py"))
        for node in functions(path)
    ]  # fmt: skip


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text())
    return [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    ]


def expected() -> Counter[Expected]:
    found: Counter[Expected] = Counter()
    for path in sorted(CORPUS.glob("*.py")):
        for number, text in enumerate(path.read_text().splitlines(), 1):
            match = _MARK.search(text)
            if match is None:
                continue
            for name in _named(path, number, match["tests"]):
                program, _, times = name.partition("*")
                found[Expected(program, match["kind"], f"{path.name}:{number}")] += int(match["count"] or times or 1)
    return found


def _named(path: Path, number: int, tests: str | None) -> list[str]:
    if tests is not None:
        return tests.split(", ")
    return [node.name for node in functions(path) if node.lineno <= number <= (node.end_lineno or 0)]
