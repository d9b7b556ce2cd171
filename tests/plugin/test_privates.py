"""Every private name that the plugin uses is pinned by a test of the files `test_privates_*.py`."""

from __future__ import annotations

import ast
from pathlib import Path

from django.db.backends.base.base import BaseDatabaseWrapper

HERE = Path(__file__).parent
DOCUMENTED = {"_getframe", "_current_frames"}


def _private(name: object) -> bool:
    return isinstance(name, str) and name.startswith("_") and not name.startswith("__")


def _names(tree: ast.AST) -> tuple[set[str], set[str]]:
    """The private names that a module defines, and those that it reads or sets on any object."""
    own, used = set(), set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.Name(id=name, ctx=ast.Store()):
                own.add(name)
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                own.add(name)
            case ast.Attribute(attr=name):
                used.add(name)
            case ast.Call(func=ast.Name(id="getattr" | "hasattr"), args=[_, ast.Constant(value=name), *_]):
                used.add(name)
    return own, {name for name in used if _private(name)}


def test_every_private_attribute_is_pinned() -> None:
    """What the plugin reads or replaces of other packages' private attributes is named by a test of these files."""
    import pytest_async_orm

    own: set[str] = set()
    used: dict[str, set[str]] = {}
    package = Path(str(pytest_async_orm.__file__)).parent
    for path in package.rglob("*.py"):
        defined, seen = _names(ast.parse(path.read_text()))
        own |= defined
        for name in seen:
            used.setdefault(name, set()).add(path.relative_to(package).parts[0])
    replaced = {name for name in own if _private(name) and hasattr(BaseDatabaseWrapper, name)}
    # Documented although they look private: Django's model options, and what named tuples have.
    foreign = ({*used} - own | replaced) - {"_meta", "_replace"}
    # The plugin's own marks on objects of others.
    foreign = {name for name in foreign if not name.startswith("_async_orm")}
    assert {"_from_testcase", "_commit", "_current_frames"} <= foreign
    pins = "".join(path.read_text() for path in HERE.glob("test_privates_*.py"))
    unpinned = [name for name in foreign if name not in pins]
    assert unpinned == [], "private attributes without a test of their own in test_privates_*.py"
    # CPython documents these two. Drivers have a room of their own.
    elsewhere = {name: used[name] - {"patches", "drivers"} for name in foreign & ({*used} - own) - DOCUMENTED}
    assert not any(elsewhere.values()), f"private attributes that are used outside of patches/: {elsewhere}"
