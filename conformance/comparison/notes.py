"""A comparison in words: lines for a terminal, and Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from conformance.case.verdict import SEVERITY
from conformance.comparison.model import KINDS, Change, CheckChange, Comparison
from conformance.environment import Environment

_CODE = re.compile(r"(`[^`]+`)")
_SPECIAL = re.compile(r"([\\`*_\[\]~#])")
# Kinds of which a list would be as long as the catalogue, where another selection was measured.
_COUNTED = ("measured", "unmeasured")
# Checks that are named before the others are counted.
_MOST_NAMES = 4


@dataclass(frozen=True)
class Line:
    """`level` 0 is the title, 1 a kind, 2 an area, 3 a change, 4 what belongs to it, 5 a remark."""

    level: int
    text: str
    kind: str = ""


def release_notes(comparison: Comparison) -> Iterator[Line]:
    """The title, the counts, each kind with its areas and changes, then what has no partner."""
    yield Line(0, _title(comparison))
    yield Line(5, _summary(comparison))
    yield from (Line(5, remark) for remark in comparison.remarks)
    for kind, heading in KINDS.items():
        if kind in comparison.counts:
            yield Line(1, f"{heading} ({comparison.counts[kind]})", kind)
            for area, changes in comparison.of(kind):
                yield from _area(area, changes, comparison, kind)
    for word, environments in (("the first", comparison.only_before), ("the second", comparison.only_after)):
        yield from (Line(5, f"Only {word} side has {environment}.") for environment in environments)


def comparison_markdown(comparison: Comparison) -> str:
    """The same as Markdown, ending in a newline."""
    marks = {0: "# {}", 1: "\n## {}\n", 2: "- **{}**", 3: "  - {}", 4: "    - {}", 5: "\n{}"}
    return "\n".join(marks[line.level].format(_markdown(line.text)) for line in release_notes(comparison)) + "\n"


def _title(comparison: Comparison) -> str:
    if not comparison.pairs:
        return "No environment is on both sides"
    sides = [[getattr(pair, name) for pair in comparison.pairs] for name in ("before", "after")]
    parts = [_axis(name, field, *sides) for name, field in (("Django", "django"), ("asgiref", "asgiref"))]
    return ", ".join(filter(None, parts)) or "The same versions, measured twice"


def _axis(name: str, field: str, before: list[Environment], after: list[Environment]) -> str:
    old, new = (sorted({getattr(each, field) for each in side}) for side in (before, after))
    return "" if old == new else f"{name} {' and '.join(old)} → {' and '.join(new)}"


def _summary(comparison: Comparison) -> str:
    counts = [f"{KINDS[kind].lower()} {number}" for kind, number in comparison.counts.items()]
    places = ", ".join(pair.label for pair in comparison.pairs) or "nowhere"
    found = f"Entries: {'; '.join(counts)}." if counts else "Nothing changed."
    return f"{found} Cells with the same verdict: {comparison.same}. Compared on {places}."


def _area(area: str, changes: tuple[Change, ...], comparison: Comparison, kind: str) -> Iterator[Line]:
    if kind in _COUNTED:
        count = len({change.entry for change in changes})
        yield Line(2, f"{area}: {count} {'entry' if count == 1 else 'entries'}", kind)
        return
    yield Line(2, area, kind)
    for change in changes:
        yield Line(3, _headline(change, comparison), kind)
        yield from (Line(4, figure.text, kind) for figure in change.figures)


def _headline(change: Change, comparison: Comparison) -> str:
    title = f"  {change.title}" if change.title else ""
    where = "" if len(change.pairs) == len(comparison.pairs) else f" [{'; '.join(change.pairs)}]"
    if change.kind == "figures":
        return f"`{change.entry}`{title}: {change.after}{where}"
    return f"`{change.entry}`{title}: {_what(change)}{where}"


def _what(change: Change) -> str:
    """The entry's own change, then each check's where they differ, the worst first."""
    steps: dict[tuple[str, str], list[CheckChange]] = {}
    for check in change.checks:
        steps.setdefault((check.before, check.after), []).append(check)
    if len(steps) == 1 and len(change.checks) == change.of:
        return f"{change.checks[0].before} → {change.checks[0].after}"
    ordered = sorted(steps.items(), key=lambda step: _rank(step[0][1]))
    told = "; ".join(f"{before} → {after} in {_names(checks)}" for (before, after), checks in ordered)
    return f"{_whole(change)} ({told})" if change.before != change.after else f"{told}; still {change.after}"


def _whole(change: Change) -> str:
    return f"{change.before} → {change.after}"


def _rank(verdict: str) -> int:
    name = verdict.partition(" ")[0]
    return SEVERITY.index(name) if name in SEVERITY else len(SEVERITY)


def _names(checks: Sequence[CheckChange]) -> str:
    names = [check.name + ("" if check.counts else " (only observed)") for check in checks]
    more = len(names) - _MOST_NAMES
    return ", ".join(names) if more < 2 else f"{', '.join(names[:_MOST_NAMES])} and {more} more"


def _markdown(text: str) -> str:
    """One line that means itself; pairs of backticks stay code."""
    parts = _CODE.split(" ".join(text.split()))
    return "".join(part if _CODE.fullmatch(part) else _escape(part) for part in parts)


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
