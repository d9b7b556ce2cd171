"""A badge a database: as shields.io's endpoint reads it, and as a picture that needs no server."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from conformance.case import ExitCode, SuiteError, worst
from conformance.case.verdict import SEVERITY
from conformance.catalogue import Catalogue
from conformance.gate import is_good
from conformance.report.aggregate import Report, Row, tabulate
from conformance.report.columns import ReportColumn
from conformance.results import Results

# The colour of the worst verdict, by shields.io's names.
_COLOURS = {
    **dict.fromkeys(("silent", "crash", "timeout"), "red"),
    **dict.fromkeys(("fail", "harness_error", "setup_error"), "orange"),
    **dict.fromkeys(("vacuous", "flaky", "unknown", "blocked"), "yellow"),
    **dict.fromkeys(("loud", "absent"), "blue"),
}
_HEX = {"red": "#e05d44", "orange": "#fe7d37", "yellow": "#dfb317", "blue": "#007ec6", "brightgreen": "#4c1"}
_RIGHT = "right"
_MOST = 3


@dataclass(frozen=True)
class Badge:
    """What a badge says. `name` is the database's vendor."""

    name: str
    label: str
    message: str
    color: str

    @property
    def endpoint(self) -> str:
        """As `https://img.shields.io/endpoint` reads it."""
        document = {"schemaVersion": 1, "label": self.label, "message": self.message, "color": self.color}
        return json.dumps(document, ensure_ascii=False) + "\n"

    @property
    def svg(self) -> str:
        """As a picture; its text is as wide as it says, whatever font there is."""
        left, right = _width(self.label), _width(self.message)
        label, message = escape(self.label), escape(self.message)
        return _SVG.format(
            title=quoteattr(f"{self.label}: {self.message}"),
            label=label,
            message=message,
            colour=_HEX[self.color],
            left=left,
            right=right,
            width=left + right,
            label_at=left / 2,
            message_at=left + right / 2,
            label_width=left - _MARGIN,
            message_width=right - _MARGIN,
        )


def badges(results: Sequence[Results], catalogue: Catalogue) -> tuple[Badge, ...]:
    """One for each database: how many of the entries that gate are right in every Django that was measured on it.

    Counts have their totals, and the worst verdict gives the colour: there is no score.
    """
    report = tabulate(results, catalogue)
    return tuple(_badge(report, vendor, columns) for vendor, columns in report.databases)


def write_badges(found: Sequence[Badge], folder: Path) -> list[Path]:
    """`DATABASE.json` and `DATABASE.svg` for each. Raises `SuiteError` (setup) if the folder cannot be written."""
    files = {folder / f"{badge.name}.{kind}": text for badge in found for kind, text in _files(badge)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in files.items():
            path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise SuiteError(
            f"The badges cannot be written to {folder}: {error.strerror or error}.",
            "Name another folder with --output, or make room and permission there.",
            ExitCode.HARNESS,
        ) from error
    return list(files)


def _files(badge: Badge) -> tuple[tuple[str, str], ...]:
    return (("json", badge.endpoint), ("svg", badge.svg))


def _badge(report: Report, vendor: str, columns: Sequence[ReportColumn]) -> Badge:
    wanted = {column.id for column in columns}
    found = [verdict for row in report.rows if row.entry.gates and (verdict := _worst(row, wanted))]
    counts = Counter(found)
    bad = [name for name in SEVERITY if counts[name]]
    parts = [f"{counts[_RIGHT]} of {len(found)} right", *(f"{counts[name]} {name}" for name in bad[:_MOST])]
    more = sum(counts[name] for name in bad[_MOST:])
    message = ", ".join([*parts, *([f"{more} others"] if more else [])]) if found else "not measured"
    colour = _COLOURS.get(bad[0], "orange") if bad else ("brightgreen" if found else "yellow")
    return Badge(vendor, f"async ORM on {columns[0].environment.database}", message, colour)


def _worst(row: Row, columns: set[str]) -> str:
    """`right`, or the worst verdict that is not what the documentation promises; empty where nothing was selected."""
    results = [result for result in row.results if result.column.id in columns and result.verdict is not None]
    bad = [
        result.verdict
        for result in results
        if result.verdict and not is_good(result.verdict, row.entry, result.column.environment)
    ]
    if bad:
        return worst(bad).name
    return _RIGHT if results else ""


_MARGIN = 10.0
# Of Verdana at 11 pixels, about; the text is stretched to the width that was reckoned.
_NARROW, _WIDE, _USUAL = 4.0, 9.5, 6.8


def _width(text: str) -> float:
    widths = (_NARROW if each in " ,.:;il|tfjr'" else _WIDE if each in "mwMWO@" else _USUAL for each in text)
    return round(sum(widths) + _MARGIN, 1)


_SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="20" role="img" aria-label={title}>
<title>{label}: {message}</title>
<rect rx="3" width="{width:.1f}" height="20" fill="#555"/>
<path d="M{left:.1f} 0h{right:.1f}v20h-{right:.1f}z" fill="{colour}"/>
<g fill="#fff" text-anchor="middle" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11">
<text x="{label_at:.1f}" y="14" textLength="{label_width:.1f}">{label}</text>
<text x="{message_at:.1f}" y="14" textLength="{message_width:.1f}">{message}</text>
</g>
</svg>
"""
