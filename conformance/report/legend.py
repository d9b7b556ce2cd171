"""How each verdict is shown: one letter, one colour a medium, and one sentence that explains it."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.case import Verdict
from conformance.catalogue.words import WORDS


@dataclass(frozen=True)
class Mark:
    """The look of a verdict: `square` is its colour in Markdown, `style` its Rich style."""

    verdict: str
    letter: str
    square: str
    style: str
    meaning: str

    @property
    def symbol(self) -> str:
        """Colour and letter, where only text can be shown."""
        return f"{self.square} {self.letter}"

    @property
    def css(self) -> str:
        """Its class in the pages."""
        return f"v-{self.verdict.replace('/', '').replace('_', '-').replace(' ', '-')}"


# From worst to best, like `conformance.case.verdict.SEVERITY`; a test keeps the two in step.
LEGEND = (
    Mark(
        "silent",
        "S",
        "🟥",
        "bold white on red",
        "Wrong effect and no exception: data lost, leaked, doubled, late or inverted.",
    ),
    Mark("crash", "C", "🟪", "bold magenta", "The process died while it ran."),
    Mark("timeout", "T", "🟪", "bold magenta", "It did not end in the time allowed."),
    Mark("harness_error", "H", "🟫", "bold yellow", "The suite itself failed: nothing is known about Django here."),
    Mark(
        "setup_error",
        "E",
        "🟫",
        "bold yellow",
        "The surroundings (server, migration, import) failed before the check began.",
    ),
    Mark(
        "fail",
        "F",
        "🟧",
        "bold red",
        "A check failed, without proof of a silent wrong effect: another type, an extra query.",
    ),
    Mark(
        "vacuous",
        "V",
        "🟨",
        "yellow",
        "The check passed, but the evidence that it must observe is missing: the pass counts for nothing.",
    ),
    Mark("flaky", "Y", "🟨", "yellow", "Attempts with one seed differ; n/m says that n of m attempts passed."),
    Mark("unknown", "?", "⬜", "reverse", "Planned, but no result arrived."),
    Mark("blocked", "B", "⬜", "dim", "An operation that it depends on did not pass."),
    Mark(
        "loud", "L", "🟦", "cyan", "Refused by a documented exception before any effect: nothing written, nothing lost."
    ),
    Mark("absent", "A", "⬛", "dim", "This version of Django does not have the API."),
    Mark("pass", "P", "🟩", "green", "Every check held, and the evidence for it was seen."),
    Mark("n/a", "N", "⬜", "dim", "The environment lacks what it needs; the reason stands with the evidence."),
)
_BY_NAME = {mark.verdict: mark for mark in LEGEND}
# A workaround has a word, computed from its situations by the rule that `WORDS` prints.
WORD_MARKS = (
    Mark("unsafe", "✗", "🟥", "bold white on red", WORDS["unsafe"]),
    Mark("wasteful", "W", "🟨", "yellow", WORDS["wasteful"]),
    Mark("refused", "R", "🟦", "cyan", WORDS["refused"]),
    Mark("refuses some", "r", "🟦", "cyan", WORDS["refuses some"]),
    Mark("finishes after cancel", "↷", "🟩", "green", WORDS["finishes after cancel"]),
    Mark("safe", "✓", "🟩", "green", WORDS["safe"]),
    Mark("not measured", "?", "⬜", "reverse", WORDS["not measured"]),
    Mark("n/a", "N", "⬜", "dim", WORDS["n/a"]),
)
_OF_WORDS = {mark.verdict: mark for mark in WORD_MARKS}

# Here the operation cannot be relied on as it stands, so the reader wants to know what to use in its place.
_WANTS_ALTERNATIVE = frozenset({"silent", "crash", "timeout", "fail", "flaky", "loud", "absent"})


def mark_of(verdict: Verdict) -> Mark:
    """The look of a verdict; every flaky one looks the same, whatever its counts."""
    return _BY_NAME[verdict.name]


def look_of(outcome: str, *, is_word: bool) -> Mark:
    """The look of a verdict's name, or of a workaround's word."""
    return (_OF_WORDS if is_word else _BY_NAME)[outcome]


def wants_alternative(verdict: Verdict | None) -> bool:
    """Whether the safe alternative is shown beside this verdict."""
    return verdict is not None and verdict.name in _WANTS_ALTERNATIVE
