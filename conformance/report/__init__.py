"""Show results: as a static site, as Markdown, in a terminal, for a CI and for other programs.

Needs neither Django nor pytest.
"""

from conformance.report.badge import Badge, badges, write_badges
from conformance.report.document import render_json
from conformance.report.html import render_html
from conformance.report.junit import render_junit
from conformance.report.markdown import render_markdown
from conformance.report.summary import render_summary
from conformance.report.terminal import render_table

__all__ = [
    "Badge",
    "badges",
    "render_html",
    "render_json",
    "render_junit",
    "render_markdown",
    "render_summary",
    "render_table",
    "write_badges",
]
