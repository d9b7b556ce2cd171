"""The pages of the site, from their templates."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from conformance.catalogue import JUDGES
from conformance.report.aggregate import EntryResult, Report
from conformance.report.claims import SIGNS
from conformance.report.clean import clean, clean_value
from conformance.report.columns import AXES, CheckResult, ReportColumn
from conformance.report.evidence import observations, places
from conformance.report.legend import LEGEND, mark_of, wants_alternative

_CODE = re.compile(r"`([^`]+)`")


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
    pages.filters.update(describe=describe, listed=listed, slug=slug)
    pages.tests["bad"] = wants_alternative
    pages.globals.update(anchor=anchor, target=target, legend=LEGEND, signs=SIGNS, facts=facts, clean_value=clean_value)
    pages.globals.update(kills=kills, judges=list(JUDGES))
    pages.globals.update(marks={mark.verdict: mark for mark in LEGEND})
    return pages


def render_pages(pages: Environment, report: Report) -> Iterator[tuple[str, str]]:
    """Every page's name in the folder, and its text."""
    for name in ("index", "claims", "runs", *(["proof"] if pages.globals["kills"] else [])):
        content = pages.get_template(f"{name}.html").render(report=report, shared=shared(report), root="", page=name)
        yield f"{name}.html", content
    template = pages.get_template("entry.html")
    for row in report.rows:
        content = template.render(
            report=report,
            row=row,
            entry=row.entry,
            observations=[(item, places(report, item.columns)) for item in observations(row)],
            claims=[claim for claim in report.claims if row.entry.id in claim.entries],
            root="../",
            page="entry",
        )
        yield f"entries/{row.entry.id}.html", content


def facts(column: ReportColumn) -> dict[str, str]:
    """The whole environment of a column and how it was run, each fact under its name."""
    results = column.results
    return {
        **{name: value(column.environment) for _, name, value in AXES},
        "Seed": str(results.seed),
        "Profile": results.profile,
        "Suite": results.suite,
        "Catalogue": results.catalogue,
    }


def shared(report: Report) -> dict[str, str]:
    """The facts that are the same in every column."""
    every = [facts(column) for column in report.columns]
    return {name: text for name, text in (every[0] if every else {}).items() if all(one[name] == text for one in every)}


def anchor(column: ReportColumn, check: str) -> str:
    """The id of a check's evidence on the page of its entry."""
    return f"{column.id}-{check}"


def target(entry: str, column: ReportColumn, check: CheckResult) -> str:
    """The link from the top of the site to the evidence of a check."""
    return f"entries/{entry}.html#{anchor(column, check.cell.check)}"


def prose(text: str) -> Markup:
    """Escaped text, with pairs of backticks as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(clean(text)))))


def spec_name(link: str) -> str:
    """What a link into the documentation is called: `docs.djangoproject.com … #aiterator`."""
    page, _, fragment = link.partition("#")
    host = page.removeprefix("https://").partition("/")[0]
    return f"source text, {fragment}" if page == "spec/systems.md" else f"{host} #{fragment}"


def spec_link(link: str, report: Report) -> str:
    """Where the link leads from a page of an entry; a row of the source text leads to its claim, if there is one."""
    row = link.partition("#")[2]
    if link.startswith("https://"):
        return link
    return f"../claims.html#claim-{row}" if any(claim.claim.id == row for claim in report.claims) else ""


def compact(value: Any) -> str:
    """A JSON value on one line, as people write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def listed(items: Iterable[str]) -> str:
    """`a, b and c`."""
    *most, last = [*items] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def slug(text: str) -> str:
    """A part of an id: a third-party backend names its vendor as it likes."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def describe(result: EntryResult) -> str:
    """A matrix cell in words, for those who hear it."""
    if result.verdict is None:
        return "not selected"
    part = "" if result.whole else f" ({result.selected} of {len(result.checks)} checks selected)"
    return f"{result.verdict}{part}: {result.entry.id}, {result.column.label}"
