"""What a cell can say, and which of two verdicts is the worse."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

# From worst to best: an aggregate takes the first that any of its children has.
# `unknown` stands above what was measured to be harmless: nothing is known to be right there.
SEVERITY = (
    "silent",
    "crash",
    "timeout",
    "harness_error",
    "setup_error",
    "fail",
    "vacuous",
    "flaky",
    "unknown",
    "blocked",
    "loud",
    "absent",
    "pass",
    "n/a",
)
# Never excused by an expectation: the suite itself or its surroundings did not hold.
NEVER_EXCUSED = frozenset({"timeout", "crash", "setup_error", "harness_error"})
# Of those, what says nothing of the code under test: a later run tries again.
NOT_MADE = frozenset({"setup_error", "harness_error"})
_FLAKY = re.compile(r"flaky (?P<passed>\d+)/(?P<attempts>\d+)")


@dataclass(frozen=True)
class Verdict:
    """A verdict by name; a flaky one also knows how many of its attempts passed.

    Text form: the name, or `flaky n/m` for n passes in m attempts.
    """

    name: str
    passed: int = 0
    attempts: int = 0

    def __post_init__(self) -> None:
        if self.name not in SEVERITY:
            raise ValueError(f"unknown verdict {self.name!r}: use one of {', '.join(SEVERITY)}")
        if (self.name == "flaky") != (self.attempts > 0):
            raise ValueError(
                f"a flaky verdict, and no other, counts its attempts: got {self.name!r} of {self.attempts}"
            )
        if not 0 <= self.passed <= self.attempts:
            raise ValueError(f"{self.passed} of {self.attempts} attempts cannot have passed")

    @classmethod
    @lru_cache(maxsize=1024)
    def parse(cls, text: str) -> Verdict:
        """Read the text form. Raises `ValueError` for anything else."""
        if match := _FLAKY.fullmatch(text):
            return cls("flaky", int(match["passed"]), int(match["attempts"]))
        return cls(text)

    @property
    def rank(self) -> int:
        """0 is the worst."""
        return SEVERITY.index(self.name)

    def __str__(self) -> str:
        return f"flaky {self.passed}/{self.attempts}" if self.name == "flaky" else self.name


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of the verdicts; of none at all, `unknown`, because nothing was measured."""
    return min(verdicts, key=lambda verdict: verdict.rank, default=Verdict("unknown"))
