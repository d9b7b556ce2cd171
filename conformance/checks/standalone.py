"""A function of the suite's as a program of its own: its source with what that uses, and nothing of the suite.

Comments and empty lines are left out, so that the program is short.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from typing import Any

MOST_LINES = 40
_OURS = "conformance."


def program_of(title: str, function: Callable[..., Any], example: str, expected: Any = None) -> str:
    """A program that calls an async function with an example, and prints what it gives; empty where it gets too long.

    `example` is the Python of a `SimpleNamespace`'s keywords; what is expected is printed first, if it is given.
    """
    parts = _Parts()
    parts.add(function.__module__, function.__name__)
    parts.imports |= {"import asyncio", "from types import SimpleNamespace"}
    wanted = [] if expected is None else [f"print('expected:', {expected!r})"]
    lines = [
        f'"""{title}"""',
        "from __future__ import annotations",
        *sorted(parts.imports),
        *parts.sources,
        *wanted,
        f"print('observed:', asyncio.run({function.__name__}(SimpleNamespace({example}))))",
    ]
    text = "\n".join(lines) + "\n"
    return text if text.count("\n") <= MOST_LINES else ""


class _Parts:
    """What a program needs: imports, and definitions after those that they use."""

    def __init__(self) -> None:
        self.imports: set[str] = set()
        self.sources: list[str] = []
        self._seen: set[tuple[str, str]] = set()

    def add(self, module: str, name: str) -> None:
        """The definition of a name, with all that it uses; nothing for what is built in."""
        node = _definitions(module).get(name)
        if node is None or (module, name) in self._seen:
            return
        self._seen.add((module, name))
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith(_OURS):
            self.add(str(node.module), name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            self.imports.add(_import_of(node, name))
        else:
            for used in _names_in(node):
                self.add(module, used)
            self.sources.append(ast.unparse(_bare(node)))


@cache
def _definitions(module: str) -> dict[str, ast.stmt]:
    """What a module defines and imports, by name."""
    found: dict[str, ast.stmt] = {}
    for node in ast.parse(inspect.getsource(import_module(module))).body:
        found.update(dict.fromkeys(_defined_by(node), node))
    return found


def _defined_by(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names)
    elif isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield from (each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name))


def _import_of(node: ast.Import | ast.ImportFrom, name: str) -> str:
    chosen = [alias for alias in node.names if (alias.asname or alias.name).partition(".")[0] == name]
    names = chosen if isinstance(node, ast.ImportFrom) else node.names
    return ast.unparse(ast.ImportFrom(node.module, names, 0) if isinstance(node, ast.ImportFrom) else ast.Import(names))


def _names_in(node: ast.AST) -> list[str]:
    """The names that it uses when it runs, each once: annotations are not evaluated."""
    left_out = {id(each) for owner in ast.walk(node) for part in _annotations(owner) for each in ast.walk(part)}
    found = (each.id for each in ast.walk(node) if isinstance(each, ast.Name) and id(each) not in left_out)
    return list(dict.fromkeys(found))


def _annotations(node: ast.AST) -> list[ast.AST]:
    parts = (getattr(node, "annotation", None), getattr(node, "returns", None))
    return [part for part in parts if isinstance(part, ast.AST)]


def _bare(node: ast.stmt) -> ast.stmt:
    """Without docstrings and annotations: they are the suite's."""
    bare = ast.parse(ast.unparse(node)).body[0]
    for each in ast.walk(bare):
        if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and ast.get_docstring(each):
            each.body = each.body[1:] or [ast.Pass()]
        if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef)):
            each.returns = None
        if isinstance(each, ast.arg):
            each.annotation = None
    return ast.parse(ast.unparse(_assigned(bare))).body[0]


def _assigned(node: ast.stmt) -> ast.stmt:
    class Plain(ast.NodeTransformer):
        def visit_AnnAssign(self, found: ast.AnnAssign) -> ast.stmt:
            return found if found.value is None else ast.Assign([found.target], found.value, lineno=0)

    changed: ast.stmt = Plain().visit(node)
    return changed
