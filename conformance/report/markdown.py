"""The report as Markdown: for the step summary of a CI, and for a README."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conformance.catalogue import Catalogue
from conformance.report.aggregate import EntryResult, Report, tabulate
from conformance.report.claims import SIGNS, ClaimResult
from conformance.report.columns import ReportColumn
from conformance.report.legend import LEGEND, WORD_MARKS, mark_of
from conformance.report.markdown_text import head, line, text
from conformance.results import Results


def render_markdown(results: Sequence[Results], catalogue: Catalogue) -> str:
    """The matrix, the counts, the legend and the claims beside what was measured; ends in a newline.

    Entries that no environment selected are counted, not listed.
    """
    report = tabulate(results, catalogue)
    parts = (_matrix(report), _notes(report), _legend(report), _claims(report))
    return "\n\n".join("\n".join(part) for part in map(list, parts) if part) + "\n"


def _matrix(report: Report) -> Iterator[str]:
    yield from head(["Operation", *map(_heading, report.columns)])
    for area, rows in report.areas:
        shown = [row for row in rows if row.selected]
        if shown:
            yield line([f"**{text(area)}**", *[""] * len(report.columns)])
        for row in shown:
            yield line([f"`{row.entry.id}` {text(row.entry.title)}", *map(_verdict_of, row.results)])


def _notes(report: Report) -> Iterator[str]:
    counts, words = report.counts(workarounds=False), report.words()
    found = ", ".join(f"{name} {number} of {counts.of}" for name, number in counts.present)
    yield f"Operations in their environments: {found}."
    if words.of:
        named = ", ".join(f"{mark.verdict} {words[mark.verdict]}" for mark in WORD_MARKS if words[mark.verdict])
        yield f"\nWorkarounds in their environments: {named} of {words.of}."
    if report.has_parts:
        yield "\n\\* Not every check of the operation was selected."
    if report.unselected:
        yield f"\nNot selected in any environment: {report.unselected} of {len(report.rows)} entries."
    for column, remark in report.remarks:
        yield f"\n**{text(column.label)}:** {text(remark)}."


def _legend(report: Report) -> Iterator[str]:
    yield from head(["", "Verdict", "Meaning"])
    for mark in LEGEND:
        yield line([mark.symbol, mark.verdict, mark.meaning])
    if report.words().of:
        yield "\nA workaround has a word: the first whose rule is true.\n"
        yield from head(["Word", "Rule"])
        for mark in WORD_MARKS:
            yield line([f"{mark.square} {mark.verdict}", mark.meaning])
    yield "\nA blank cell was not selected."


def _claims(report: Report) -> Iterator[str]:
    if not report.claims:
        return
    yield "The source text's claims beside the measured verdicts: ✓ holds, ✗ does not hold, ? unknown.\n"
    yield from head(["Claim", "The text says", "It predicts", *map(_heading, report.columns)])
    for row in report.claims:
        predicted = " or ".join(row.claim.predicts)
        yield line([row.claim.id, text(row.claim.says), predicted, *map(_answer_of, row.results)])


def _heading(column: ReportColumn) -> str:
    return text(", ".join((f"{column.environment.database} {column.series}", *column.differs)))


def _verdict_of(result: EntryResult) -> str:
    mark = result.mark
    if mark is None:
        return ""
    shown = f"{mark.square} {mark.verdict}" if result.entry.subject == "workaround" else mark.symbol
    return shown + ("" if result.whole else "\\*")


def _answer_of(result: ClaimResult) -> str:
    if result.answer is None or result.verdict is None:
        return ""
    return f"{SIGNS[result.answer]} {mark_of(result.verdict).symbol}"
