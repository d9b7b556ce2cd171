"""Assertions that are blocks, made and dropped before anybody entered them: they checked nothing."""

from __future__ import annotations

import sys
from pathlib import Path

from pytest_async_orm.patches.process import PROCESS

_PACKAGE = str(Path(__file__).parent.parent)


class NeverEntered:
    """The lines that made such assertions."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def take(self) -> list[str]:
        """Those since it was asked last."""
        lines, self.lines = self.lines, []
        return lines


class MustBeEntered:
    """Mixed into a block that asserts something."""

    _made_at: str | None = None

    def expect_entry(self) -> None:
        """From now on, until `note_entry`, it is an error to drop the block."""
        self._made_at = _line_of_caller()

    def note_entry(self) -> None:
        """Somebody has entered the block."""
        self._made_at = None

    def __del__(self) -> None:
        if self._made_at is not None:
            PROCESS.one(NeverEntered).lines.append(self._made_at)


def _line_of_caller() -> str:
    """The line outside of this package that makes a block."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
