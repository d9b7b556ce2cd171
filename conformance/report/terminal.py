"""The matrix in a terminal: as many environments side by side as its width has room for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from conformance.catalogue import Catalogue
from conformance.report.aggregate import ALWAYS_COUNTED, Counts, EntryResult, Report, tabulate
from conformance.report.columns import ReportColumn
from conformance.report.legend import LEGEND, WORD_MARKS, Mark
from conformance.results import Results

# The letters of words, where a terminal has ASCII alone.
_PLAIN = str.maketrans({"✗": "x", "✓": "v", "↷": ">"})
_SHORTEST_NAME = 24


def render_table(results: Sequence[Results], catalogue: Catalogue) -> MatrixTable:
    """What `rich.console.Console.print` prints: a letter a verdict or a workaround's word, and the counts below."""
    return MatrixTable(tabulate(results, catalogue))


@dataclass(frozen=True)
class MatrixTable:
    """The matrix, its counts and what is partial. Never wider than the console; blocks of columns follow each other."""

    report: Report

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        ellipsis = "..." if options.ascii_only else "…"
        for block in self._blocks(options.max_width):
            yield from self._block(block, options, ellipsis)
            yield Text()
        yield from self._footer(options)

    def _blocks(self, width: int) -> Iterator[list[ReportColumn]]:
        """The columns in groups that fit beside the shortest name column; a database is split only if it must be."""
        block: list[ReportColumn] = []
        for _, columns in self.report.databases:
            for more in [columns] if _fits(columns, width) else [[column] for column in columns]:
                if block and not _fits([*block, *more], width):
                    yield block
                    block = []
                block.extend(more)
        if block:
            yield block

    def _block(self, columns: list[ReportColumn], options: ConsoleOptions, ellipsis: str) -> Iterator[Text]:
        longest = max((len(row.entry.id) + 2 for row in self.report.rows if row.selected), default=0)
        room = max(_SHORTEST_NAME, min(longest, options.max_width - _width(columns)))
        yield from _heading(columns, room)
        wanted = {column.id for column in columns}
        for area, rows in self.report.areas:
            shown = [row for row in rows if row.selected]
            if shown:
                yield Text(area, style="bold")
            for row in shown:
                cells = [result for result in row.results if result.column.id in wanted]
                yield _line(_fit(f"  {row.entry.id}", room, ellipsis), cells, ascii_only=options.ascii_only)

    def _footer(self, options: ConsoleOptions) -> Iterator[Text]:
        yield from _summary(self.report.counts(workarounds=False), LEGEND, options)
        if any(row.is_workaround and row.selected for row in self.report.rows):
            yield Text("Workarounds")
            yield from _summary(self.report.words(), WORD_MARKS, options)
        if self.report.has_parts:
            yield Text("* not every check of the operation was selected", style="dim")
        if self.report.unselected:
            yield Text(f"Not selected anywhere: {self.report.unselected} of {len(self.report.rows)} entries")
        for column in self.report.columns:
            if column.differs:
                yield Text(f"{column.key} on {column.environment.database}: {', '.join(column.differs)}", style="dim")
        for column, remark in self.report.remarks:
            yield Text(f"{column.label}: {remark}", style="bold yellow")


def _summary(counts: Counts, marks: Sequence[Mark], options: ConsoleOptions) -> Iterator[Text]:
    """` S  silent 3/54`: each count with its letter, its name and its denominator; no break inside one."""
    line = Text()
    for mark in marks:
        if not counts[mark.verdict] and mark.verdict not in ALWAYS_COUNTED:
            continue
        letter = _letter(mark, ascii_only=options.ascii_only)
        item = Text.assemble((f" {letter} ", mark.style), f" {mark.verdict} {counts[mark.verdict]}/{counts.of}   ")
        if line and len(line) + len(item.plain.rstrip()) > options.max_width:
            yield line
            line = Text()
        line.append_text(item)
    yield line


def _heading(columns: Sequence[ReportColumn], room: int) -> Iterator[Text]:
    names, keys = Text(" " * room), Text(" " * room)
    for _, grouped in groupby(columns, key=lambda column: column.environment.vendor):
        group = list(grouped)
        name, letters = group[0].environment.database, "".join(col.key.ljust(_cell_width(col)) for col in group)
        names.append("  " + name.ljust(_group_width(group)), style="bold")
        keys.append("  " + letters.ljust(_group_width(group)), style="bold")
    yield from (names, keys)


def _line(name: str, cells: Sequence[EntryResult], *, ascii_only: bool) -> Text:
    text = Text(name)
    for _, grouped in groupby(cells, key=lambda result: result.column.environment.vendor):
        group = list(grouped)
        columns = [result.column for result in group]
        text.append("  ")
        for result in group:
            _append_cell(text, result, ascii_only=ascii_only)
        text.append(" " * (_group_width(columns) - sum(map(_cell_width, columns))))
    return text


def _append_cell(text: Text, result: EntryResult, *, ascii_only: bool) -> None:
    width = _cell_width(result.column)
    if result.mark is None:
        text.append(" " * width)
        return
    text.append(f" {_letter(result.mark, ascii_only=ascii_only)} ", style=result.mark.style)
    text.append(("" if result.whole else "*").ljust(width - 3))


def _letter(mark: Mark, *, ascii_only: bool) -> str:
    return mark.letter.translate(_PLAIN) if ascii_only else mark.letter


def _cell_width(column: ReportColumn) -> int:
    # A letter between two spaces, and a place for the star.
    return max(len(column.key) + 2, 5)


def _group_width(columns: Sequence[ReportColumn]) -> int:
    """Of one database's columns, which stand below its whole name."""
    return max(sum(map(_cell_width, columns)), len(columns[0].environment.database) + 1)


def _width(columns: Sequence[ReportColumn]) -> int:
    groups = groupby(columns, key=lambda column: column.environment.vendor)
    return sum(2 + _group_width(list(group)) for _, group in groups)


def _fits(columns: Sequence[ReportColumn], width: int) -> bool:
    return _SHORTEST_NAME + _width(columns) <= width


def _fit(text: str, room: int, ellipsis: str) -> str:
    if len(text) <= room:
        return text.ljust(room)
    return text[: room - len(ellipsis)] + ellipsis
