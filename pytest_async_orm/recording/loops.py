"""Which loop repeats a line: read from the source, along the stack of a query."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

_Comprehension = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


Columns = tuple[int, int] | None
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def loop_around(stack: Sequence[str], columns: Sequence[Columns]) -> str | None:
    """`file:line` of the innermost loop around a line of a stack (call sites, innermost first).

    One line may hold a comprehension and what it iterates over, which is asked for once. Where no columns tell them
    apart, such a loop is believed only if no other is found.
    """
    doubtful = None
    for site, span in zip(stack, columns, strict=True):
        file, _, line = site.rpartition(":")
        sure, perhaps = _loops_of(file, int(line), span)
        if sure is not None:
            return f"{file}:{sure}"
        if perhaps is not None and doubtful is None:
            doubtful = f"{file}:{perhaps}"
    return doubtful


@lru_cache(maxsize=1024)
def _loops_of(file: str, line: int, span: Columns) -> tuple[int | None, int | None]:
    """The lines of the innermost loops that repeat a line for sure, and perhaps, inside the function of the line."""
    sure = perhaps = None
    function: ast.AST | None = None
    for node in _around(_tree(file), line):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            # What repeats a function's definition does not repeat its lines.
            function, sure, perhaps = node, None, None
        sure = _repeating(node, line, span) or sure
        perhaps = _perhaps_repeating(node, line, span) or perhaps
    if sure is None and perhaps is None and function is not None:
        perhaps = _made_before(function, line)
    return sure, perhaps


def _repeating(node: ast.AST, line: int, span: Columns) -> int | None:
    """The line of a loop, if a node is one that repeats a line of it."""
    if isinstance(node, ast.While):
        return node.lineno
    if isinstance(node, (ast.For, ast.AsyncFor)):
        return node.lineno if line >= node.body[0].lineno else None
    if isinstance(node, _Comprehension):
        apart = _parts(node) if span is None else [part for part in _parts(node) if _holds(part, span)]
        if (span is not None and apart) or not _covers(node.generators[0].iter, line):
            return node.generators[0].target.lineno
    return None


def _perhaps_repeating(node: ast.AST, line: int, span: Columns) -> int | None:
    if isinstance(node, _Comprehension):
        inside = span is not None and not _is_wider(span, node)
        return None if inside or not _may_ask(node, line) else node.generators[0].target.lineno
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", None) or getattr(node.func, "id", None)
        return node.lineno if name == "map" else None
    return None


def _parts(node: Comprehension) -> list[ast.expr]:
    """The parts of a comprehension that are repeated: all but the first iterable."""
    parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    return [*parts, *node.generators[0].ifs, *(clause.iter for clause in node.generators[1:])]


def _may_ask(node: Comprehension, line: int) -> bool:
    """Where one line holds it all: whether a part that is repeated may query, or the first iterable does not."""
    parts = [part for part in _parts(node) if _covers(part, line)]
    return any(_calls(part) or _follows_relation(part) for part in parts) or (
        bool(parts) and not _calls(node.generators[0].iter)
    )


def _calls(node: ast.AST) -> bool:
    return any(isinstance(inner, (ast.Call, ast.Await)) for inner in ast.walk(node))


def _follows_relation(node: ast.AST) -> bool:
    """`comment.author.name` may ask for the author; `tag.name` asks for nothing."""
    return any(isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Attribute) for inner in ast.walk(node))


def _made_before(function: ast.AST, line: int) -> int | None:
    """The comprehension that made what a line waits for: `tasks = [... for ...]`, then `gather(*tasks)`."""
    names = {
        node.id for node in ast.walk(function) if isinstance(node, ast.Name) and _covers(node, line)
    }  # fmt: skip
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id in names for to in node.targets):
            for inner in ast.walk(node.value):
                if isinstance(inner, _Comprehension):
                    return inner.generators[0].target.lineno
    return None


def _around(tree: ast.AST | None, line: int) -> Iterator[ast.AST]:
    """The nodes that cover a line, outer ones before inner ones."""
    level = [] if tree is None else [tree]
    while level:
        yield from level
        level = [child for node in level for child in _children(node) if _covers(child, line)]


def _holds(node: ast.AST, span: tuple[int, int]) -> bool:
    """Whether an expression of one line holds these columns of it, which count bytes as `ast` does."""
    start, end = getattr(node, "col_offset", None), getattr(node, "end_col_offset", None)
    return start is not None and end is not None and start <= span[0] and span[1] <= end


def _is_wider(span: tuple[int, int], node: ast.AST) -> bool:
    """Whether columns hold an expression and more: a call that is given it."""
    start, end = getattr(node, "col_offset", 0), getattr(node, "end_col_offset", 0)
    return span[0] <= start and end <= span[1] and span != (start, end)


def _covers(node: ast.AST, line: int) -> bool:
    start, end = getattr(node, "lineno", None), getattr(node, "end_lineno", None)
    return start is not None and end is not None and start <= line <= end


def _children(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if hasattr(child, "lineno"):
            yield child
        else:
            # A comprehension's clause, an argument list: no line of its own, but children with one.
            yield from _children(child)


@lru_cache(maxsize=256)
def _tree(file: str) -> ast.AST | None:
    try:
        return ast.parse(Path(file).read_text(encoding="utf-8"))
    except (OSError, SyntaxError, UnicodeDecodeError, ValueError):
        return None
