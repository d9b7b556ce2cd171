"""How the reference model says that it has no answer, or that the answer is an exception."""

from __future__ import annotations


class Unmodelled(Exception):
    """The model does not say what Django gives here: a database's own rule decides, or it is left out."""


class Raises(Exception):
    """Django raises an exception of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name
