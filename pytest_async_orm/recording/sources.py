"""What the source says around a line: the nodes that cover it, its statement, its function."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from pytest_async_orm.frames.source import file_of

Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def parted(site: str) -> tuple[str, int]:
    """The file and the line of a call site; line 0 if there is none."""
    file, _, line = site.rpartition(":")
    return file, int(line) if line.isdecimal() else 0


def around(file: str, line: int) -> Iterator[ast.AST]:
    """The nodes of a file that cover a line, outer ones before inner ones; none if the source cannot be read."""
    tree = _tree(file)
    level = [] if tree is None else [tree]
    while level:
        yield from level
        level = [child for node in level for child in _children(node) if covers(child, line)]


def covers(node: ast.AST, line: int) -> bool:
    """Whether a node reaches over a line."""
    start, end = getattr(node, "lineno", None), getattr(node, "end_lineno", None)
    return start is not None and end is not None and start <= line <= end


def statement_at(site: str) -> ast.stmt | None:
    """The innermost statement that covers a call site."""
    found = [node for node in around(*parted(site)) if isinstance(node, ast.stmt)]
    return found[-1] if found else None


def text_at(site: str) -> str:
    """The source of the expressions of a call site: its statement's, of a compound statement the one line's."""
    file, line = parted(site)
    statement = statement_at(site)
    if statement is None:
        return ""
    first, last = statement.lineno, statement.end_lineno or statement.lineno
    if hasattr(statement, "body"):
        first = last = line
    return "\n".join(_lines(file)[first - 1 : last])


def function_text(site: str) -> str:
    """The source of the innermost function around a call site; empty if there is none."""
    file, line = parted(site)
    functions = [node for node in around(file, line) if isinstance(node, FUNCTIONS)]
    if not functions:
        return ""
    return "\n".join(_lines(file)[functions[-1].lineno - 1 : functions[-1].end_lineno])


def names_called(node: ast.AST) -> set[str]:
    """The last names of everything that a node calls: `sleep` for `asyncio.sleep(1)`."""
    calls = (inner.func for inner in ast.walk(node) if isinstance(inner, ast.Call))
    return {str(getattr(call, "attr", None) or getattr(call, "id", "")) for call in calls}


def _children(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if hasattr(child, "lineno"):
            yield child
        else:
            # A comprehension's clause, an argument list: no line of its own, but children with one.
            yield from _children(child)


@lru_cache(maxsize=256)
def _lines(file: str) -> tuple[str, ...]:
    try:
        return tuple(Path(file_of(file)).read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError):
        return ()


@lru_cache(maxsize=256)
def _tree(file: str) -> ast.AST | None:
    try:
        return ast.parse("\n".join(_lines(file)))
    except (SyntaxError, ValueError):
        return None
