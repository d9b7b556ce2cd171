"""The report as one JSON document, for other programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from conformance.catalogue import Catalogue
from conformance.report.aggregate import Report, Row, tabulate
from conformance.report.claims import ClaimRow
from conformance.report.columns import ReportColumn
from conformance.results import Results

DOCUMENT_VERSION = 1


def render_json(results: Sequence[Results], catalogue: Catalogue) -> str:
    """Environments, verdicts of entries and of their checks, claims and counts; sorted, ending in a newline.

    Verdicts stand under the id of their environment; one that was not selected there is left out.
    """
    return json.dumps(_document(tabulate(results, catalogue)), indent=2, sort_keys=True) + "\n"


def _document(report: Report) -> dict[str, Any]:
    counts = report.counts()
    return {
        "version": DOCUMENT_VERSION,
        "catalogue": report.catalogue.hash,
        "environments": [_environment(report, column) for column in report.columns],
        "entries": {row.entry.id: _entry(row) for row in report.rows},
        "claims": {row.claim.id: _claim(row) for row in report.claims},
        "counts": {"of": counts.of, "verdicts": dict(counts.found)},
    }


def _environment(report: Report, column: ReportColumn) -> dict[str, Any]:
    counts, results = report.counts([column]), column.results
    return {
        "id": column.id,
        "label": column.label,
        "environment": column.environment.as_dict(),
        "seed": results.seed,
        "profile": results.profile,
        "suite": results.suite,
        "catalogue": results.catalogue,
        "complete": results.complete,
        "planned": len(results.planned),
        "missing": sorted(str(cell) for cell in results.missing),
        "counts": {"of": counts.of, "verdicts": dict(counts.found)},
        **({"reused": reused} if (reused := _reused(column)) else {}),
    }


def _reused(column: ReportColumn) -> dict[str, list[str]]:
    """The cells that were taken over, by the day on which they were measured; `unknown` for those of old files."""
    found: dict[str, list[str]] = {}
    for cell in sorted(column.reuse.cells):
        found.setdefault(column.checks[cell].attempts[-1].day or "unknown", []).append(str(cell))
    return found


def _entry(row: Row) -> dict[str, Any]:
    return {
        "title": row.entry.title,
        "area": row.entry.area,
        "subject": row.entry.subject,
        "level": row.entry.level,
        "verdicts": {
            result.column.id: {
                "verdict": str(result.verdict),
                "checks": {name: str(check.verdict) for name, check in result.checks if check is not None},
            }
            for result in row.results
            if result.verdict is not None
        },
    }


def _claim(row: ClaimRow) -> dict[str, Any]:
    return {
        "says": row.claim.says,
        "predicts": list(row.claim.predicts),
        "measured": {
            result.column.id: {"verdict": str(result.verdict), "answer": result.answer}
            for result in row.results
            if result.answer is not None
        },
    }
