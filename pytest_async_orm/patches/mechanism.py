"""Replaces attributes of other people's code: once, by declared targets, and taken out again."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

Replacement = Callable[..., Any]
Make = Callable[[Replacement], Replacement]
"""Gives the replacement of a callable. What it needs to know it asks of `PROCESS` when it is called."""

_ABSENT = object()


class Target(NamedTuple):
    """One attribute of somebody else's that the plugin replaces while it needs to."""

    owner: str
    """Where it is: `module:Class`, or `module:` for a function of the module."""
    name: str
    seen: str
    """The versions in which it was seen, and whether it is public."""
    pin: str
    """The test in tests/plugin/test_privates_*.py that fails when it is gone."""

    def __str__(self) -> str:
        module, _, attribute = self.owner.partition(":")
        return ".".join(filter(None, (module, attribute, self.name)))

    @property
    def module(self) -> str:
        """The name of its module."""
        return self.owner.partition(":")[0]

    @property
    def is_imported(self) -> bool:
        """Whether its module is in use: nothing is imported to be replaced where a run does not need it."""
        return self.module in sys.modules

    def find_owner(self) -> Any:
        """The object that has the attribute. Raises ImportError or AttributeError if it is gone."""
        module, _, attribute = self.owner.partition(":")
        found: Any = importlib.import_module(module)
        return getattr(found, attribute) if attribute else found


class Installed:
    """A target that is replaced at the moment, and what was there before."""

    def __init__(self, target: Target, make: Make) -> None:
        self.target = target
        self._owner = target.find_owner()
        self._before = vars(self._owner).get(target.name, _ABSENT)
        self._replacement = _replacement(self._owner, target.name, self._before, make)
        setattr(self._owner, target.name, self._replacement)

    def remove(self) -> None:
        """Put back what was there, unless somebody else has replaced it since: theirs stays, and the plugin's function
        below it hands every call on.
        """
        if vars(self._owner).get(self.target.name) is not self._replacement:
            return
        if self._before is _ABSENT:
            delattr(self._owner, self.target.name)
        else:
            setattr(self._owner, self.target.name, self._before)


def _replacement(owner: Any, name: str, before: Any, make: Make) -> Any:
    """What takes the place of a function, of a class method, or of nothing at all."""
    if isinstance(before, classmethod):
        return classmethod(wraps(before.__func__)(make(before.__func__)))
    original = getattr(owner, name, None)
    return make(_nothing) if original is None else wraps(original)(make(original))


def _nothing(*args: Any, **kwargs: Any) -> None:
    """Stands for an original that is not there."""


class Mark(NamedTuple):
    """How far the replacements had come at a moment."""

    installed: int
    connected: int
    waiting: dict[Target, tuple[str, Make]]


class Patches:
    """All that is replaced at the moment, oldest first."""

    def __init__(self) -> None:
        self._installed: dict[Target, Installed] = {}
        self._connected: list[tuple[Any, Any, str]] = []
        self._waiting: dict[Target, tuple[str, Make]] = {}

    def install(self, target: Target, make: Make) -> None:
        """Replace a target unless it is replaced already, for an outer session perhaps.

        Once a session, never once a test: after about a thousand changes of a class, CPython 3.13.0 no longer notices
        further ones at specialised call sites.
        """
        if target not in self._installed:
            self._installed[target] = Installed(target, make)

    def has(self, target: Target) -> bool:
        """Whether a target is replaced at the moment."""
        return target in self._installed

    def install_when_imported(self, target: Target, make: Make) -> None:
        """Replace a target now or, if its module is not in use yet, by the first `install_imported` that finds it."""
        if target.is_imported:
            self.install(target, make)
        else:
            self._waiting[target] = target.module, make

    def install_imported(self) -> None:
        """Replace what has waited for a module that is in use by now. Every test asks."""
        for target, (module, make) in list(self._waiting.items()):
            if module in sys.modules:
                del self._waiting[target]
                self.install(target, make)

    def connect(self, signal: Any, receiver: Callable[..., Any], uid: str) -> None:
        """Receive a signal of Django's unless it is received already."""
        if not any(known == uid for _, _, known in self._connected):
            signal.connect(receiver, weak=False, dispatch_uid=uid)
            self._connected.append((signal, receiver, uid))

    def mark(self) -> Mark:
        """What is installed, connected and waited for now, for `remove_since`."""
        return Mark(len(self._installed), len(self._connected), dict(self._waiting))

    def remove_since(self, mark: Mark) -> None:
        """Take out what came after a mark, newest first."""
        while len(self._installed) > mark.installed:
            self._installed.popitem()[1].remove()
        while len(self._connected) > mark.connected:
            signal, _, uid = self._connected.pop()
            signal.disconnect(dispatch_uid=uid)
        self._waiting = dict(mark.waiting)

    @property
    def targets(self) -> list[Target]:
        """What is replaced at the moment."""
        return list(self._installed)
