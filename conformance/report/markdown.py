"""The report as Markdown: for the step summary of a CI, and for a README."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from conformance.catalogue import Catalogue
from conformance.report.aggregate import EntryResult, Report, tabulate
from conformance.report.claims import SIGNS, ClaimResult
from conformance.report.clean import clean
from conformance.report.columns import ReportColumn
from conformance.report.legend import LEGEND, mark_of
from conformance.results import Results

_CODE = re.compile(r"(`[^`]+`)")
_SPECIAL = re.compile(r"([\\`*_\[\]~#])")


def render_markdown(results: Sequence[Results], catalogue: Catalogue) -> str:
    """The matrix, the counts, the legend and the claims beside what was measured; ends in a newline.

    Entries that no environment selected are counted, not listed.
    """
    report = tabulate(results, catalogue)
    parts = (_matrix(report), _notes(report), _legend(), _claims(report))
    return "\n\n".join("\n".join(part) for part in map(list, parts) if part) + "\n"


def _matrix(report: Report) -> Iterator[str]:
    yield from _head(["Operation", *map(_heading, report.columns)])
    for area, rows in report.areas:
        shown = [row for row in rows if row.selected]
        if shown:
            yield _line([f"**{_text(area)}**", *[""] * len(report.columns)])
        for row in shown:
            yield _line([f"`{row.entry.id}` {_text(row.entry.title)}", *map(_verdict_of, row.results)])


def _notes(report: Report) -> Iterator[str]:
    counts = report.counts()
    found = ", ".join(f"{name} {number} of {counts.of}" for name, number in counts.present)
    yield f"Operations in their environments: {found}."
    if report.has_parts:
        yield "\n\\* Not every check of the operation was selected."
    if report.unselected:
        yield f"\nNot selected in any environment: {report.unselected} of {len(report.rows)} operations."
    for column, remark in report.remarks:
        yield f"\n**{_text(column.label)}:** {_text(remark)}."


def _legend() -> Iterator[str]:
    yield from _head(["", "Verdict", "Meaning"])
    for mark in LEGEND:
        yield _line([mark.symbol, mark.verdict, mark.meaning])
    yield "\nA blank cell was not selected."


def _claims(report: Report) -> Iterator[str]:
    if not report.claims:
        return
    yield "The source text's claims beside the measured verdicts: ✓ holds, ✗ does not hold, ? unknown.\n"
    yield from _head(["Claim", "The text says", "It predicts", *map(_heading, report.columns)])
    for row in report.claims:
        predicted = " or ".join(row.claim.predicts)
        yield _line([row.claim.id, _text(row.claim.says), predicted, *map(_answer_of, row.results)])


def _heading(column: ReportColumn) -> str:
    return _text(", ".join((f"{column.environment.database} {column.series}", *column.differs)))


def _verdict_of(result: EntryResult) -> str:
    if result.verdict is None:
        return ""
    return mark_of(result.verdict).symbol + ("" if result.whole else "\\*")


def _answer_of(result: ClaimResult) -> str:
    if result.answer is None or result.verdict is None:
        return ""
    return f"{SIGNS[result.answer]} {mark_of(result.verdict).symbol}"


def _head(cells: Sequence[str]) -> Iterator[str]:
    yield _line(cells)
    yield _line(["---"] * len(cells))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _text(text: str) -> str:
    """One line that means itself in a table cell; pairs of backticks stay code."""
    parts = _CODE.split(" ".join(clean(text).split()))
    escaped = (part if _CODE.fullmatch(part) else _escape(part) for part in parts)
    return "".join(escaped).replace("|", "\\|")


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
