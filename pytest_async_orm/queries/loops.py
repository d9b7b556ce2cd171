"""Which loop repeats a line: read from the source, along the stack that the queries share."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from pytest_async_orm.records import Query


def loop_around(queries: Sequence[Query]) -> str | None:
    """`file:line` of the innermost loop around a line of the stack that all the queries share, innermost line first."""
    for site in _shared(queries):
        file, _, line = site.rpartition(":")
        loop = _loop_of(file, int(line))
        if loop is not None:
            return f"{file}:{loop}"
    return None


def _shared(queries: Sequence[Query]) -> Iterator[str]:
    others = [set(query.stack) for query in queries[1:]]
    return (site for site in queries[0].stack if all(site in other for other in others))


def _loop_of(file: str, line: int) -> int | None:
    """The line of the innermost loop that repeats a line, inside the function that the line is in."""
    found: int | None = None
    for node in _around(_tree(file), line):
        # What repeats a function's definition does not repeat its lines.
        inside = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        found = None if inside else _repeating(node, line) or found
    return found


def _repeating(node: ast.AST, line: int) -> int | None:
    """The line of a loop, if a node is one that repeats a line of it."""
    if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
        return node.lineno if _repeats(node, line) else None
    if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
        return node.generators[0].target.lineno if _comprehends(node, line) else None
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", None) or getattr(node.func, "id", None)
        return node.lineno if name == "map" else None
    return None


def _repeats(loop: ast.For | ast.AsyncFor | ast.While, line: int) -> bool:
    """The loop's own line is repeated where its condition is, or where each step of an async iteration asks."""
    if isinstance(loop, ast.While):
        return True
    return line >= loop.body[0].lineno or (isinstance(loop, ast.AsyncFor) and line == loop.lineno)


def _comprehends(node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp, line: int) -> bool:
    """The first iterable of a comprehension is evaluated once: what stands in it alone is not repeated."""
    generators = node.generators
    once = generators[0].iter
    end = once.end_lineno or once.lineno
    parts: Iterable[ast.AST] = [
        getattr(node, name) for name in ("elt", "key", "value") if isinstance(getattr(node, name, None), ast.AST)
    ]
    repeated = any(_covers(part, line) for part in [*parts, *generators[0].ifs, *generators[1:]])
    return repeated or not once.lineno <= line <= end


def _covers(node: ast.AST, line: int) -> bool:
    if isinstance(node, ast.comprehension):
        return any(_covers(part, line) for part in (node.target, node.iter, *node.ifs))
    start, end = getattr(node, "lineno", None), getattr(node, "end_lineno", None)
    return start is not None and end is not None and start <= line <= end


def _around(tree: ast.AST | None, line: int) -> Iterator[ast.AST]:
    """The nodes that cover a line, outer ones before inner ones."""
    level = [] if tree is None else [tree]
    while level:
        yield from level
        level = [child for node in level for child in _children(node) if _covers(child, line)]


def _children(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if hasattr(child, "lineno"):
            yield child
        else:
            # A comprehension's clause, an argument list: no place of its own, but children with one.
            yield from _children(child)


@lru_cache(maxsize=256)
def _tree(file: str) -> ast.AST | None:
    try:
        return ast.parse(Path(file).read_text(encoding="utf-8"))
    except (OSError, SyntaxError, UnicodeDecodeError, ValueError):
        return None
