"""How a check says what it found. Returning means that the example passed."""

from __future__ import annotations

from collections.abc import Sequence


class Absent(Exception):
    """The operation is not there in this version."""


class Refused(Exception):
    """The operation was refused by a documented exception, before any effect."""


class Disagreement(Exception):
    """The example failed. `verdict` is the cell's verdict if no worse one is found."""

    verdict = "fail"

    def __init__(self, message: str, *, expected: object, observed: object, sql: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.expected = expected
        self.observed = observed
        self.sql = tuple(sql)


class Wrong(Disagreement):
    """Not as it should be, but not provably a silent wrong effect: another type, an extra query."""


class Silent(Disagreement):
    """A wrong effect and no exception."""

    verdict = "silent"
