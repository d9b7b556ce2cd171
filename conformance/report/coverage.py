"""Which paragraphs of the documentation have checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from conformance.catalogue import SOURCE_TEXT, CatalogueEntry
from conformance.report.aggregate import Report, Row


@dataclass(frozen=True)
class Paragraph:
    """A fragment of a document, and the rows whose entries cite it."""

    link: str
    fragment: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Document:
    """A page of the documentation, and its paragraphs that are cited, in alphabetical order."""

    address: str
    name: str
    paragraphs: tuple[Paragraph, ...]

    @property
    def entries(self) -> int:
        """How many entries cite it."""
        return len({row.entry.id for paragraph in self.paragraphs for row in paragraph.rows})


def coverage(report: Report) -> tuple[Document, ...]:
    """Every document that an entry cites; the source text's rows stand with the claims."""
    found: dict[str, dict[str, list[Row]]] = {}
    for row in report.rows:
        for link in _links(row.entry):
            page, _, fragment = link.partition("#")
            found.setdefault(page, {}).setdefault(fragment, []).append(row)
    return tuple(_document(page, found[page]) for page in sorted(found, key=_name))


def source_rows(entry: CatalogueEntry) -> tuple[str, ...]:
    """The rows of the source text that the entry cites."""
    return tuple(link.partition("#")[2] for link in entry.spec if link.startswith(SOURCE_TEXT))


def _links(entry: CatalogueEntry) -> tuple[str, ...]:
    return tuple(link for link in entry.spec if not link.startswith(SOURCE_TEXT))


def _document(page: str, fragments: Mapping[str, list[Row]]) -> Document:
    paragraphs = (Paragraph(f"{page}#{name}", name, tuple(rows)) for name, rows in sorted(fragments.items()))
    return Document(page, _name(page), tuple(paragraphs))


def _name(page: str) -> str:
    """`Django: ref/models/querysets`, `asgiref`."""
    path = page.removeprefix("https://").rstrip("/")
    host, _, rest = path.partition("/")
    if host == "docs.djangoproject.com":
        return f"Django: {rest.partition('stable/')[2] or rest}"
    return f"{rest if host == 'github.com' else host}{'' if host == 'github.com' else f': {rest}'}"
