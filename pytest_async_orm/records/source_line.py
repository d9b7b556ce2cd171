"""A line of somebody's code."""

from __future__ import annotations


class SourceLine(str):
    """A line of code as 'file:line', empty if it is not known.

    The file is relative to pytest's root directory, to the working directory, or to a folder that Python imports from.
    """

    __slots__ = ("stack",)
    stack: str
    """Formatted as `traceback.format_stack` does, the innermost frame last."""

    def __new__(cls, line: str = "", stack: str = "") -> SourceLine:
        """Make a line from `file:line` and its formatted stack."""
        made = super().__new__(cls, line)
        made.stack = stack
        return made
