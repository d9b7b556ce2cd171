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
    def is_imported(self) -> bool:
        """Whether its module is in use: nothing is imported to be replaced where a run does not need it."""
        return self.owner.partition(":")[0] in sys.modules

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


class Patches:
    """All that is replaced at the moment, oldest first."""

    def __init__(self) -> None:
        self._installed: list[Installed] = []
        self._connected: list[tuple[Any, Any, str]] = []

    def install(self, target: Target, make: Make) -> None:
        """Replace a target unless it is replaced already, for an outer session perhaps.

        Once a session, never once a test: after about a thousand changes of a class, CPython 3.13.0 no longer notices
        further ones at specialised call sites.
        """
        if not any(installed.target == target for installed in self._installed):
            self._installed.append(Installed(target, make))

    def connect(self, signal: Any, receiver: Callable[..., Any], uid: str) -> None:
        """Receive a signal of Django's unless it is received already."""
        if not any(known == uid for _, _, known in self._connected):
            signal.connect(receiver, weak=False, dispatch_uid=uid)
            self._connected.append((signal, receiver, uid))

    def mark(self) -> tuple[int, int]:
        """What is installed and connected now, for `remove_since`."""
        return len(self._installed), len(self._connected)

    def remove_since(self, mark: tuple[int, int]) -> None:
        """Take out what came after a mark, newest first."""
        while len(self._installed) > mark[0]:
            self._installed.pop().remove()
        while len(self._connected) > mark[1]:
            signal, _, uid = self._connected.pop()
            signal.disconnect(dispatch_uid=uid)

    @property
    def targets(self) -> list[Target]:
        """What is replaced at the moment."""
        return [installed.target for installed in self._installed]
