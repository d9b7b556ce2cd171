"""The pages of the site, from their templates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from conformance.catalogue import JUDGES
from conformance.catalogue.situations import asked_by, situation_of
from conformance.catalogue.words import WORDS
from conformance.history import ranges_text
from conformance.report import grid
from conformance.report.advice import advice_for
from conformance.report.aggregate import EntryResult, Report, Row
from conformance.report.changes import Changes
from conformance.report.claims import SIGNS, ClaimRow
from conformance.report.clean import clean, clean_value
from conformance.report.columns import AXES, ReportColumn
from conformance.report.coverage import coverage, source_rows
from conformance.report.databases import databases
from conformance.report.evidence import observations, places
from conformance.report.grouped import GroupedResult, grouped
from conformance.report.legend import LEGEND, WORD_MARKS, look_of, mark_of, wants_alternative
from conformance.report.ranges import range_rows, span
from conformance.report.running import HEADINGS, running
from conformance.report.showing import examples_shown, sources_shown
from conformance.report.text import (
    EVIDENCE,
    compact,
    difference_lines,
    listed,
    prose,
    slug,
    spec_link,
    spec_name,
)
from conformance.report.timing import flaky, seconds, slowest
from conformance.telling import aligned

# Pages of the whole, with their names in the navigation.
PAGES = {
    "index": "Matrix",
    "workarounds": "Workarounds",
    "claims": "Claims",
    "databases": "Databases",
    "changes": "Changes",
    "documentation": "Documentation",
    "slow": "Slow and flaky",
    "runs": "Runs",
}


def environment_for_pages(kills: dict[str, Any] | None = None) -> Environment:
    """Jinja with autoescape on, an error for a name that a template misspells, and the report's own filters.

    `kills` is what `selfcheck` found; without it there is no page of it, and no link there.
    """
    pages = Environment(
        loader=PackageLoader("conformance.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    pages.filters.update(clean=clean, prose=prose, spec=spec_name, href=spec_link, mark=mark_of, compact=compact)
    pages.filters.update(describe=describe, listed=listed, slug=slug, difference=difference_lines)
    pages.tests["bad"] = wants_alternative
    pages.globals.update(legend=LEGEND, words=WORD_MARKS, rules=WORDS, signs=SIGNS, look_of=look_of)
    pages.globals.update(marks={mark.verdict: mark for mark in LEGEND}, judges=JUDGES)
    pages.globals.update(asked=asked_by, situation=situation_of)
    pages.globals.update(facts=facts, clean_value=clean_value, places=places, grid=grid, aligned=aligned, span=span)
    pages.globals.update(ranges_text=ranges_text, advice_for=advice_for)
    pages.globals.update(seconds=seconds, running_headings=HEADINGS, evidence_words=EVIDENCE)
    pages.globals.update(kills=kills, navigation={**PAGES, **({"proof": "Proof"} if kills else {})})
    return pages


def render_pages(pages: Environment, report: Report) -> Iterator[tuple[str, str]]:
    """Every page's name in the folder, and its text."""
    for name in (*PAGES, *(["proof"] if pages.globals["kills"] else [])):
        if name != "changes":
            content = pages.get_template(f"{name}.html").render(_common(report, name), **_extras(name, report))
            yield f"{name}.html", content
    yield from _changes(pages, report)
    template = pages.get_template("entry.html")
    for row in report.rows:
        yield f"entries/{row.entry.id}.html", template.render(_common(report, "entry", "../"), **_of_entry(report, row))


def _common(report: Report, page: str, root: str = "") -> dict[str, Any]:
    return {"report": report, "page": page, "root": root}


def _extras(name: str, report: Report) -> dict[str, Any]:
    """What a page has beside the report."""
    make = _EXTRAS.get(name)
    return make(report) if make else {}


def _by_row(report: Report) -> list[tuple[str, list[ClaimRow], list[Row]]]:
    """The claims by the row of the source text that they stand in: `O3` and `O3.counts` are of one row.

    A row that entries cite and no claim stands in comes last, with its entries.
    """
    rows: dict[str, tuple[list[ClaimRow], list[Row]]] = {}
    for claim in report.claims:
        rows.setdefault(claim.claim.id.partition(".")[0], ([], []))[0].append(claim)
    for row in report.rows:
        for name in source_rows(row.entry):
            rows.setdefault(name, ([], []))[1].append(row)
    return [(name, *found) for name, found in rows.items()]


_EXTRAS: dict[str, Callable[[Report], dict[str, Any]]] = {
    "index": lambda report: {"counts": report.counts(workarounds=False), "words_found": report.words()},
    "workarounds": lambda report: {"rows": [row for row in report.rows if row.is_workaround]},
    "claims": lambda report: {"sections": _by_row(report)},
    "databases": lambda report: {"databases": databases(report)},
    "documentation": lambda report: {"documents": coverage(report)},
    "slow": lambda report: {"slowest": slowest(report), "flaky": flaky(report)},
    "runs": lambda report: {"shared": shared(report), "facts_of": facts_of},
}


def _changes(pages: Environment, report: Report) -> Iterator[tuple[str, str]]:
    every = Changes(report)
    content = pages.get_template("changes.html").render(_common(report, "changes"), steps=every.steps)
    yield "changes.html", content
    template = pages.get_template("change.html")
    for step in every.steps:
        yield f"changes/{step.name}.html", template.render(_common(report, "changes", "../"), step=step)


def _of_entry(report: Report, row: Row) -> dict[str, Any]:
    found = grouped(row)
    anchors = {grid.evidence_link(column, check) for finding in found for column, check in _cells(finding, row)}
    return {
        "row": row,
        "entry": row.entry,
        "findings": found,
        "cells_of": lambda finding: _cells(finding, row),
        "told": lambda column, check: grid.evidence_link(column, check) in anchors,
        "ranges": range_rows(row),
        "histories": report.histories.get(row.entry.id, ()),
        "running": running(report, row),
        "examples": examples_shown(row),
        "sources": sources_shown(row),
        "reused": [(result.column, result.reuse) for result in row.results],
        "observations": [(item, places(report, item.columns)) for item in observations(row)],
        "claims": [claim for claim in report.claims if row.entry.id in claim.entries],
    }


def _cells(finding: GroupedResult, row: Row) -> list[tuple[ReportColumn, str]]:
    """The cells that a finding speaks of: of its columns and checks those that have its verdict."""
    wanted = {column.id for column in finding.columns}
    return [
        (result.column, name)
        for result in row.results
        if result.column.id in wanted
        for name, check in result.checks
        if check is not None and name in finding.checks and finding.is_of(check)
    ]


def facts(column: ReportColumn) -> dict[str, str]:
    """The whole environment of a column and how it was run, each fact under its name."""
    results = column.results
    return {
        **{name: value(column.environment) for _, name, value in AXES},
        "Seed": str(results.seed),
        "Profile": results.profile,
        "Suite": results.suite,
        "Catalogue": results.catalogue,
        **({"Measured": column.measured} if column.measured else {}),
    }


def facts_of(report: Report) -> tuple[str, ...]:
    """The names of the facts that any column has, in their order."""
    return tuple(dict.fromkeys(name for column in report.columns for name in facts(column)))


def shared(report: Report) -> dict[str, str]:
    """The facts that are the same in every column."""
    every = [facts(column) for column in report.columns]
    first = every[0] if every else {}
    return {name: text for name, text in first.items() if all(one.get(name) == text for one in every)}


def describe(result: EntryResult) -> str:
    """A matrix cell in words, for those who hear it."""
    if result.verdict is None:
        return "not selected"
    part = "" if result.whole else f" ({result.selected} of {len(result.checks)} checks selected)"
    return f"{result.outcome}{part}: {result.entry.id}, {result.column.label}"
