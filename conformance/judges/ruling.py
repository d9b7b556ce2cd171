"""What a judge says when it disagrees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from conformance.observations import Pair


@dataclass(frozen=True)
class Ruling:
    """A disagreement: one sentence, what was expected and what was observed.

    `silent` says that the effect is wrong and nothing was raised.
    """

    message: str
    expected: object
    observed: object
    silent: bool = False

    @property
    def verdict(self) -> str:
        """The verdict of a cell in which this is the worst."""
        return "silent" if self.silent else "fail"


# None where the judge has nothing to say against the pair.
Judge = Callable[[Pair], Ruling | None]
