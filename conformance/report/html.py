"""The report as a static site: no server, no script needed to read it, nothing fetched from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from conformance.case import ExitCode, SuiteError
from conformance.catalogue import Catalogue
from conformance.history import EntryHistory
from conformance.report.aggregate import Report, tabulate
from conformance.report.pages import environment_for_pages, render_pages
from conformance.results import Results

_ASSETS = ("report.css", "report.js")
# In every page: what tells a page of ours from somebody's own file.
_GENERATOR = '<meta name="generator" content="async-orm-conformance">'


def render_html(
    results: Sequence[Results],
    catalogue: Catalogue,
    folder: Path,
    kills: dict[str, Any] | None = None,
    histories: Iterable[EntryHistory] = (),
) -> Path:
    """Write the site into the folder, made if need be, and return its `index.html`.

    `kills` is what `selfcheck` found, for a page of its own; `histories` are what is kept of exact releases.

    The same results give the same bytes. Pages of entries and of changes that an earlier report left there are
    removed, nothing else is. Raises `SuiteError` (setup) if the folder cannot be written.
    """
    pages = dict(_files(tabulate(results, catalogue, histories), kills))
    try:
        for name in ("entries", "changes"):
            _remove_stale(folder, name, pages)
        for name, content in pages.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8", newline="\n")
    except OSError as error:
        raise _refused(folder, error) from error
    return folder / "index.html"


def _files(report: Report, kills: dict[str, Any] | None) -> Iterator[tuple[str, str]]:
    assets = files("conformance.report") / "assets"
    for name in _ASSETS:
        yield f"assets/{name}", (assets / name).read_text("utf-8")
    yield from render_pages(environment_for_pages(kills), report)


def _remove_stale(folder: Path, name: str, pages: dict[str, str]) -> None:
    for path in (folder / name).glob("*.html"):
        if f"{name}/{path.name}" not in pages and _GENERATOR in path.read_text("utf-8", errors="replace"):
            path.unlink()


def _refused(folder: Path, error: OSError) -> SuiteError:
    return SuiteError(
        f"The report cannot be written to {folder}: {error.strerror or error}.",
        "Name another folder with --output, or make room and permission there; no result was changed.",
        ExitCode.HARNESS,
    )
