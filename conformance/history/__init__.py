"""In which release a verdict changed: which releases there are, which to measure next, and what is kept of them."""

from conformance.history.kept import EntryHistory, HistoryLine, histories, measured_releases
from conformance.history.ranges import Range, ranges_of, ranges_text
from conformance.history.releases import PACKAGES, PYPI, ReleaseList, known_releases, series_of, version_key
from conformance.history.search import at_most, next_releases, open_gaps

__all__ = [
    "PACKAGES",
    "PYPI",
    "EntryHistory",
    "HistoryLine",
    "Range",
    "ReleaseList",
    "at_most",
    "histories",
    "known_releases",
    "measured_releases",
    "next_releases",
    "open_gaps",
    "ranges_of",
    "ranges_text",
    "series_of",
    "version_key",
]
