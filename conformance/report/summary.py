"""What a CI shows beside its log: some lines of Markdown, however many environments there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conformance.case import ExitCode
from conformance.catalogue import Catalogue
from conformance.gate import WORDS, Finding, GateResult, NoteGroup, grouped_notes
from conformance.report.aggregate import ALWAYS_COUNTED, Report, tabulate
from conformance.report.columns import ReportColumn
from conformance.report.legend import LEGEND, WORD_MARKS
from conformance.report.markdown_text import head, line, text
from conformance.results import Results

# Lines of each part: together with the headings not many more than a hundred.
_MOST_COLUMNS = 40
_MOST_FINDINGS = 25
_MOST_NOTES = 15
_MOST_NAMED = 6
_LONGEST = 300


def render_summary(results: Sequence[Results], catalogue: Catalogue, judged: GateResult) -> str:
    """Whether it conforms, a row an environment, what to correct, what does not gate and why; ends in a newline."""
    report = tabulate(results, catalogue)
    parts = (_verdict(judged), _environments(report), _findings(judged), _notes(judged), _remarks(report))
    return "\n\n".join("\n".join(part) for part in map(list, parts) if part) + "\n"


def _verdict(judged: GateResult) -> Iterator[str]:
    sign = "✅" if judged.code is ExitCode.CONFORMS else "❌"
    codes = ", also ".join(f"{code.value} ({WORDS[code]})" for code in judged.codes)
    yield f"## {sign} Async ORM conformance: {WORDS[judged.code]}"
    yield f"\nExit code {codes}. {judged.planned} cells."


def _environments(report: Report) -> Iterator[str]:
    """Entries by verdict; a verdict that occurs nowhere has no column."""
    counts = report.counts(workarounds=False)
    names = [mark for mark in LEGEND if counts[mark.verdict] or mark.verdict in ALWAYS_COUNTED]
    yield from head(["Environment", *(f"{mark.symbol} {mark.verdict}" for mark in names), "of"])
    for column in report.columns[:_MOST_COLUMNS]:
        own = report.counts([column], workarounds=False)
        yield line([_label(column), *(str(own[mark.verdict] or "") for mark in names), str(own.of)])
    if (more := len(report.columns) - _MOST_COLUMNS) > 0:
        yield f"\n… and {more} more environments."
    words = report.words()
    if words.of:
        named = (f"{mark.square} {mark.verdict} {words[mark.verdict]}" for mark in WORD_MARKS if words[mark.verdict])
        yield f"\nWorkarounds: {', '.join(named)} of {words.of}."


def _label(column: ReportColumn) -> str:
    return text(", ".join((f"{column.environment.database}, Django {column.environment.django}", *column.differs)))


def _findings(judged: GateResult) -> Iterator[str]:
    if judged.findings:
        yield f"### To correct: {len(judged.findings)}\n"
        yield from _listed(judged.findings, _MOST_FINDINGS)


def _notes(judged: GateResult) -> Iterator[str]:
    if judged.notes:
        groups = grouped_notes(judged.notes)
        yield f"<details><summary>Not gating: {len(judged.notes)}, by reason</summary>\n"
        yield from map(_note, groups[:_MOST_NOTES])
        if (more := len(groups) - _MOST_NOTES) > 0:
            yield f"- … and for {more} more reasons"
        yield "\n</details>"


def _note(group: NoteGroup) -> str:
    named, more = group.cells[:_MOST_NAMED], len(group.cells) - _MOST_NAMED
    others = f" and {more} more cells" if more > 0 else ""
    return f"- {text(_short(group.why))}: {text(', '.join(named))}{others}"


def _listed(findings: Sequence[Finding], most: int) -> Iterator[str]:
    """The same sentence once, with the number of environments that it is true of."""
    grouped: dict[str, list[Finding]] = {}
    for finding in findings:
        grouped.setdefault(finding.message, []).append(finding)
    for message, group in list(grouped.items())[:most]:
        yield f"- {text(_short(message))}{_where(group)}"
    if (more := len(grouped) - most) > 0:
        yield f"- … and {more} more"


def _short(message: str) -> str:
    return message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"


def _where(group: Sequence[Finding]) -> str:
    places = [finding.environment for finding in group if finding.environment is not None]
    if not places:
        return ""
    first = f"{places[0].database}, Django {places[0].django}"
    more = f" and {len(places) - 1} more" if len(places) > 1 else ""
    return f" ({text(first)}{more})"


def _remarks(report: Report) -> Iterator[str]:
    for column, remark in report.remarks[:_MOST_NOTES]:
        yield f"**{text(column.label)}:** {text(remark)}."
