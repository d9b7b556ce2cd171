"""Exit codes, and the one exception that carries one to the command line."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """What a command answers to the shell."""

    CONFORMS = 0
    REGRESSION = 10
    STALE_EXPECTATION = 11
    INCOMPLETE = 12
    HARNESS = 13
    FLAKE = 14
    USAGE = 64
    BAD_INPUT = 65


# If several apply, the first of these is the answer; the summary lists them all.
PRECEDENCE = (
    ExitCode.USAGE,
    ExitCode.BAD_INPUT,
    ExitCode.HARNESS,
    ExitCode.INCOMPLETE,
    ExitCode.REGRESSION,
    ExitCode.STALE_EXPECTATION,
    ExitCode.FLAKE,
    ExitCode.CONFORMS,
)


def combine(codes: Iterable[ExitCode]) -> ExitCode:
    """The one code that stands for several; for none, `CONFORMS`."""
    return min(codes, key=PRECEDENCE.index, default=ExitCode.CONFORMS)


class SuiteError(Exception):
    """Something that the user can put right: what happened, the values, the remedy. Shown without a traceback."""

    def __init__(self, message: str, remedy: str, code: ExitCode) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.code = code

    def __str__(self) -> str:
        return f"{self.message}\n  {self.remedy}"
