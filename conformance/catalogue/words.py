"""One word for a workaround, computed from its situations: it has no single letter."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.case import Verdict, worst
from conformance.catalogue.model import CatalogueEntry

# Each word with the rule that is printed beside it: the first that is true.
WORDS = {
    "unsafe": (
        "in one of its situations it loses, leaks, inverts or mixes work that was not cancelled, or answers wrongly"
    ),
    "not measured": "a situation has no verdict",
    "n/a": "this database or this Django lacks what it needs",
    "refused": "it raises before any effect, in every situation",
    "refuses some": "right where it works, and raises before any effect in at least one situation",
    "wasteful": "right in every situation, but the more rows there are, the more queries it sends",
    "finishes after cancel": (
        "right in every situation, but that a cancelled call still takes effect, as a call of Django's own does"
    ),
    "safe": "right in every situation",
}
BAD = {"silent", "fail", "crash", "timeout", "flaky"}
# Where the suite itself failed, or saw too little, nothing is known of the workaround.
_NO_ANSWER = {"unknown", "blocked", "vacuous", "harness_error", "setup_error"}
# The check of how many queries it sends: no work is lost by one too many.
_OF_COST = "bounded"
_NOT_HERE = {"n/a", "absent"}


def word_of(entry: CatalogueEntry, verdicts: Mapping[str, str]) -> str:
    """The word for a workaround with these verdicts by check. Raises `ValueError` for an entry of another kind."""
    if entry.subject != "workaround":
        raise ValueError(f"{entry.id} is no workaround: only a workaround has a word")
    names = {check.name: verdicts.get(check.name, "unknown").partition(" ")[0] for check in entry.checks}
    counted = {names[check.name] for check in entry.checks if check.counts and check.name != _OF_COST}
    if counted & BAD:
        return "unsafe"
    if counted & _NO_ANSWER:
        return "not measured"
    if counted <= _NOT_HERE:
        return "n/a"
    if counted <= _NOT_HERE | {"loud"}:
        return "refused"
    if "loud" in counted:
        return "refuses some"
    if names.get(_OF_COST) in BAD:
        return "wasteful"
    late = names.get("late") in BAD
    return "finishes after cancel" if late else "safe"


def entry_word(entry: CatalogueEntry, verdicts: Mapping[str, str]) -> str:
    """What an entry is called with these verdicts by check: a workaround's word, else the worst that counts."""
    if entry.subject == "workaround":
        return word_of(entry, verdicts)
    counted = {check.name for check in entry.checks if check.counts}
    found = [verdict for name, verdict in verdicts.items() if name in counted] or list(verdicts.values())
    return worst(map(_verdict, found)).name


def _verdict(text: str) -> Verdict:
    """Without the counts of one that is flaky."""
    name = text.partition(" ")[0]
    return Verdict(name, attempts=int(name == "flaky"))
