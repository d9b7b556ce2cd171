"""Show results: as a static site, as Markdown, in a terminal, as JSON. Needs neither Django nor pytest."""

from conformance.report.document import render_json
from conformance.report.html import render_html
from conformance.report.markdown import render_markdown
from conformance.report.terminal import render_table

__all__ = ["render_html", "render_json", "render_markdown", "render_table"]
