"""Which loop repeats a line: read from the source, along the stack of a query."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from pytest_async_orm.recording.sources import COMPREHENSIONS, FUNCTIONS, Comprehension, around, covers, parted

Columns = tuple[int, int] | None


@dataclass(frozen=True)
class Loop:
    """A loop that repeats a line of a stack."""

    file: str
    node: ast.AST
    at: int
    """Which line of the stack it is around."""
    sure: bool
    """False for what may be one: `map`, or a comprehension that is told apart from what it iterates over by a guess."""

    @property
    def site(self) -> str:
        """`file:line`."""
        return f"{self.file}:{_line_of(self.node)}"


def find_loop(stack: Sequence[str], columns: Sequence[Columns]) -> Loop | None:
    """The innermost loop around a line of a stack (call sites, innermost first).

    One line may hold a comprehension and what it iterates over, which is asked for once. Where no columns tell them
    apart, such a loop is believed only if no other is found.
    """
    doubtful = None
    for at, (site, span) in enumerate(zip(stack, columns, strict=True)):
        file, line = parted(site)
        sure, perhaps = _loops_of(file, line, span)
        if sure is not None:
            return Loop(file, sure, at, sure=True)
        if perhaps is not None and doubtful is None:
            doubtful = Loop(file, perhaps, at, sure=False)
    return doubtful


def _line_of(node: ast.AST) -> int:
    line: int = node.generators[0].target.lineno if isinstance(node, COMPREHENSIONS) else node.lineno  # type: ignore[attr-defined]
    return line


@lru_cache(maxsize=1024)
def _loops_of(file: str, line: int, span: Columns) -> tuple[ast.AST | None, ast.AST | None]:
    """The innermost loops that repeat a line for sure, and perhaps, inside the function of the line."""
    sure: ast.AST | None = None
    perhaps: ast.AST | None = None
    function: ast.AST | None = None
    for node in around(file, line):
        if isinstance(node, FUNCTIONS):
            # What repeats a function's definition does not repeat its lines.
            function, sure, perhaps = node, None, None
        sure = node if _repeats(node, line, span) else sure
        perhaps = node if _may_repeat(node, line, span) else perhaps
    if sure is None and perhaps is None and function is not None:
        perhaps = _made_before(function, line)
    return sure, perhaps


def _repeats(node: ast.AST, line: int, span: Columns) -> bool:
    """Whether a node is a loop that repeats a line of it."""
    if isinstance(node, ast.While):
        return True
    if isinstance(node, (ast.For, ast.AsyncFor)):
        return line >= node.body[0].lineno
    if isinstance(node, COMPREHENSIONS):
        apart = _parts(node) if span is None else [part for part in _parts(node) if _holds(part, span)]
        return bool(span is not None and apart) or not covers(node.generators[0].iter, line)
    return False


def _may_repeat(node: ast.AST, line: int, span: Columns) -> bool:
    if isinstance(node, COMPREHENSIONS):
        inside = span is not None and not _is_wider(span, node)
        return not inside and _may_ask(node, line)
    if isinstance(node, ast.Call):
        return (getattr(node.func, "attr", None) or getattr(node.func, "id", None)) == "map"
    return False


def _parts(node: Comprehension) -> list[ast.expr]:
    """The parts of a comprehension that are repeated: all but the first iterable."""
    parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    return [*parts, *node.generators[0].ifs, *(clause.iter for clause in node.generators[1:])]


def _may_ask(node: Comprehension, line: int) -> bool:
    """Where one line holds it all: whether a part that is repeated may query, or the first iterable does not."""
    parts = [part for part in _parts(node) if covers(part, line)]
    return any(_calls(part) or _follows_relation(part) for part in parts) or (
        bool(parts) and not _calls(node.generators[0].iter)
    )


def _calls(node: ast.AST) -> bool:
    return any(isinstance(inner, (ast.Call, ast.Await)) for inner in ast.walk(node))


def _follows_relation(node: ast.AST) -> bool:
    """`comment.author.name` may ask for the author; `tag.name` asks for nothing."""
    return any(isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Attribute) for inner in ast.walk(node))


def _made_before(function: ast.AST, line: int) -> ast.AST | None:
    """The comprehension that made what a line waits for: `tasks = [... for ...]`, then `gather(*tasks)`."""
    names = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and covers(node, line)}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id in names for to in node.targets):
            for inner in ast.walk(node.value):
                if isinstance(inner, COMPREHENSIONS):
                    return inner
    return None


def _holds(node: ast.AST, span: tuple[int, int]) -> bool:
    """Whether an expression of one line holds these columns of it, which count bytes as `ast` does."""
    start, end = getattr(node, "col_offset", None), getattr(node, "end_col_offset", None)
    return start is not None and end is not None and start <= span[0] and span[1] <= end


def _is_wider(span: tuple[int, int], node: ast.AST) -> bool:
    """Whether columns hold an expression and more: a call that is given it."""
    start, end = getattr(node, "col_offset", 0), getattr(node, "end_col_offset", 0)
    return span[0] <= start and end <= span[1] and span != (start, end)
