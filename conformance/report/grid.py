"""The cells of the tables that have a column an environment: thousands on one page, so each is as short as can be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from markupsafe import Markup, escape

from conformance.report.aggregate import EntryResult, Report, Row
from conformance.report.claims import SIGNS, ClaimResult, ClaimRow
from conformance.report.columns import CheckResult, ReportColumn
from conformance.report.legend import Mark, look_of, mark_of

_NONE = '<td class="none"></td>'
# With more columns than this, their headings stand upright.
_MOST_FLAT = 12


def evidence_link(column: ReportColumn, check: str) -> str:
    """The anchor of a check's evidence on the page of its entry."""
    return f"{column.short}-{check}"


def entry_cells(row: Row, root: str = "") -> Markup:
    """A cell for each environment, that leads to the evidence of the check which decides."""
    return Markup("").join(_entry_cell(result, root) for result in row.results)


def letters(row: Row) -> str:
    """The letters of all environments, for the filters: a dot where nothing was selected."""
    return "".join(mark.letter if (mark := result.mark) else "." for result in row.results)


def check_cells(row: Row, name: str, told: Callable[[ReportColumn, str], bool]) -> Markup:
    """A cell for each environment with the verdict of one check. `told` says where a finding has its anchor."""
    found = ((result.column, dict(result.checks).get(name)) for result in row.results)
    return Markup("").join(_check_cell(column, check, told) for column, check in found)


def claim_cells(row: ClaimRow) -> Markup:
    """A cell for each environment: whether the claim holds, and the verdict that says so."""
    return Markup("").join(map(_claim_cell, row.results))


def claim_letters(row: ClaimRow) -> tuple[str, str]:
    """The letters of the verdicts, and of the answers: `h`, `d`, `u`."""
    verdicts = (mark_of(result.verdict).letter if result.verdict else "." for result in row.results)
    return "".join(verdicts), "".join((result.answer or ".")[0] for result in row.results)


def heading(report: Report, corner: str, root: str) -> Markup:
    """Two rows: the databases, and below each its environments."""
    groups = Markup("").join(_group(vendor, columns) for vendor, columns in report.databases)
    names = Markup("").join(_column(report, column, root) for column in report.columns)
    tall = Markup(' class="tall"') if _is_tall(report) else ""
    if not report.columns:
        return Markup('<thead><tr><th scope="col">{}</th></tr><tr></tr></thead>').format(corner)
    return Markup('<thead{}><tr><th scope="col" rowspan="2">{}</th>{}</tr><tr>{}</tr></thead>').format(
        tall, corner, groups, names
    )


def _is_tall(report: Report) -> bool:
    long = any(column.differs for column in report.columns)
    return len(report.columns) > _MOST_FLAT or (long and len(report.columns) > _MOST_FLAT // 3)


def _group(vendor: str, columns: tuple[ReportColumn, ...]) -> Markup:
    return Markup('<th scope="colgroup" colspan="{0}" style="--span:{0}" data-db="{1}">{2}</th>').format(
        len(columns), vendor, columns[0].environment.database
    )


# A head has no room for what is as usual.
_SHORT = {
    "Pool yes": "pool",
    "Pool no": "",
    "Server-side binding yes": "server-side binding",
    "Server-side binding no": "",
}


def _column(report: Report, column: ReportColumn, root: str) -> Markup:
    environment = column.environment
    releases = {other.environment.django for other in report.columns if other.series == column.series}
    more = [_SHORT.get(told, told) for told in column.differs if told != f"Django {environment.django}"]
    more = [*filter(None, more), *(["partial"] if column.partial else []), *_reused(column)]
    return Markup(
        '<th scope="col" data-db="{} {}" data-django="{}" data-release="{}" data-asgiref="{}" data-label="{}">'
        '<a href="{}runs.html#{}"><span class="hidden">Django </span>{}</a>{}</th>'
    ).format(
        environment.vendor,
        environment.database.lower(),
        column.series,
        environment.django,
        environment.asgiref,
        column.label,
        root,
        column.id,
        environment.django if len(releases) > 1 else column.series,
        Markup(" <small>{}</small>").format(", ".join(more)) if more else "",
    )


def _reused(column: ReportColumn) -> list[str]:
    return [f"{'' if column.reuse.is_whole else 'partly '}reused"] if column.reuse else []


def _entry_cell(result: EntryResult, root: str) -> str:
    mark = result.mark
    decisive = result.decisive
    if mark is None or decisive is None:
        return Markup(_NONE)
    target = f"{root}entries/{result.entry.id}.html#{evidence_link(result.column, decisive.cell.check)}"
    part = "" if result.whole else "<sup>*</sup>"
    return Markup(f'<td class="{mark.css}"><a href="{target}">{mark.letter}{part}</a></td>')


def _check_cell(column: ReportColumn, check: CheckResult | None, told: Callable[[ReportColumn, str], bool]) -> Markup:
    if check is None:
        return Markup(_NONE)
    mark, anchor = mark_of(check.verdict), evidence_link(column, check.cell.check)
    if told(column, check.cell.check):
        return Markup(f'<td class="{mark.css}"><a href="#{anchor}">{mark.letter}</a></td>')
    return Markup(f'<td class="{mark.css}" id="{anchor}">{mark.letter}</td>')


def _claim_cell(result: ClaimResult) -> Markup:
    if result.answer is None or result.verdict is None or result.decisive is None:
        return Markup(_NONE)
    cell = result.decisive.cell
    target = f"entries/{cell.entry}.html#{evidence_link(result.column, cell.check)}"
    kind = result.answer.replace(" ", "-")
    return Markup(
        f'<td class="a-{kind}" data-said="{escape(result.answer)} ({result.verdict})">'
        f'<a href="{target}">{SIGNS[result.answer]}</a></td>'
    )


def outcomes(row: Row) -> Iterator[tuple[str, Mark, tuple[EntryResult, ...]]]:
    """Each outcome that occurs with its look and its results, in the order of the columns."""
    found: dict[str, list[EntryResult]] = {}
    for result in row.results:
        if result.outcome:
            found.setdefault(result.outcome, []).append(result)
    for outcome, results in found.items():
        yield outcome, look_of(outcome, is_word=row.is_workaround), tuple(results)


def columns_in(results: Iterable[EntryResult]) -> tuple[ReportColumn, ...]:
    """Their columns."""
    return tuple(result.column for result in results)
