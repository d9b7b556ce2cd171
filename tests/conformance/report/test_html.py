"""The static site, read as a browser would read it, but without one."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest

from conformance.catalogue import Catalogue
from conformance.report import render_html
from conformance.report.aggregate import tabulate
from conformance.results import Results

VOID = {"meta", "link", "br", "input", "col", "img"}


@dataclass
class Page(HTMLParser):
    """What a page contains: ids, links, elements with their attributes, tags that do not close in order."""

    text: str
    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    unbalanced: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.elements.append((tag, found))
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found[name] for name in ("href", "src") if name in found]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


def pages_of(folder: Path) -> dict[Path, Page]:
    return {path: Page(path.read_text("utf-8")) for path in sorted(folder.rglob("*.html"))}


def broken_links(folder: Path) -> list[str]:
    """Every link inside the site whose file or anchor does not exist. Fragments with `=` are states of the filters."""
    pages = pages_of(folder)
    broken = []
    for path, page in pages.items():
        for link in page.links:
            name, _, anchor = link.partition("#")
            target = (path.parent / name).resolve() if name else path
            if link.startswith(("https://", "data:")) or "=" in anchor:
                continue
            if not target.is_file() or (anchor and anchor not in pages[target].ids):
                broken.append(f"{path.name}: {link}")
    return broken


def test_every_link_resolves(site: Path) -> None:
    """No link of the site leads to a missing file or anchor."""
    assert broken_links(site) == []


@pytest.mark.parametrize("wrong", ["entries/none.html", "claims.html#claim-O99", "#nowhere"])
def test_a_broken_link_would_be_noticed(wrong: str, site: Path, tmp_path: Path) -> None:
    """The link check itself can fail: a planted wrong file or anchor is found."""
    shutil.copytree(site, tmp_path / "site")
    index = tmp_path / "site" / "index.html"
    index.write_text(index.read_text("utf-8").replace("</main>", f'<a href="{wrong}">x</a></main>'), "utf-8")
    assert broken_links(tmp_path / "site") == [f"index.html: {wrong}"]


def test_ids_are_unique_and_tags_balanced(site: Path) -> None:
    """No page has an id twice, or an element that is not closed where it should be."""
    for path, page in pages_of(site).items():
        assert [name for name, count in Counter(page.ids).items() if count > 1] == [], path.name
        assert (page.unbalanced, page.open) == ([], []), path.name


def test_hostile_text_stays_text(site: Path) -> None:
    """No script or handler of a message, title, example or evidence becomes an element."""
    for path, page in pages_of(site).items():
        scripts = [attributes.get("src", "inline") for attributes in page.all("script")]
        assert [name.rpartition("/")[2] for name in scripts] == ["inline", "report.js"], path.name
        assert not page.all("img")
        assert not page.all("b") or all(set(one) <= {"aria-hidden", "class"} for one in page.all("b"))
        assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    evidence = (site / "entries" / "transaction.atomic_decorator.html").read_text("utf-8")
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" in evidence
    assert "\u202e" not in evidence


def test_nothing_comes_from_elsewhere(site: Path) -> None:
    """Styles, scripts and pictures lie beside the pages; only links that a reader follows lead away."""
    for page in pages_of(site).values():
        loaded = [one.get("src") or one.get("href", "") for tag in ("script", "link", "img") for one in page.all(tag)]
        assert not [address for address in loaded if "//" in address]
    assert "url(" not in (site / "assets" / "report.css").read_text("utf-8")


def test_every_verdict_leads_to_its_evidence(site: Path, catalogue: Catalogue, results: list[Results]) -> None:
    """There is an anchor for each planned check of each environment, and the matrix links to the worst."""
    pages = pages_of(site)
    index = pages[site / "index.html"]
    for row in tabulate(results, catalogue).rows:
        ids = pages[site / "entries" / f"{row.entry.id}.html"].ids
        for result in row.results:
            for name, check in result.checks:
                assert (f"{result.column.short}-{name}" in ids) == (check is not None)
            if result.decisive is not None:
                anchor = f"{result.column.short}-{result.decisive.cell.check}"
                assert f"entries/{row.entry.id}.html#{anchor}" in index.links


def test_tables_can_be_read_aloud(site: Path) -> None:
    """Every table has a caption, every heading cell says what it heads, every page has a language and one title."""
    for path, page in pages_of(site).items():
        assert len(page.all("table")) == len(page.all("caption")), path.name
        assert all("scope" in heading for heading in page.all("th")), path.name
        assert page.all("html")[0]["lang"] == "en"
        assert len(page.all("h1")) == len(page.all("main")) == 1


def test_what_was_not_selected_is_blank(site: Path) -> None:
    """A cell that was not planned has no letter, no link and no verdict."""
    text = (site / "index.html").read_text("utf-8")
    row = text.split('data-row="related.aadd"')[1].split("</tr>")[0]
    assert row.count('<td class="none"></td>') == 3
    assert 'data-v="...' in row


def test_the_whole_environment_is_told(site: Path, results: list[Results], catalogue: Catalogue) -> None:
    """The page of the runs names every version, the seed, the profile, the catalogue and what is missing."""
    words = " ".join(pages_of(site)[site / "runs.html"].words)
    for value in ("4.2.30", "3.10.0", "3.12.11", "PostgreSQL", "17.2", "PyMySQL", "asyncio.run", catalogue.hash, "ci"):
        assert value in words
    assert "partial: 7 of 36 missing" in words
    assert all(str(cell) in words for cell in results[-1].missing)


def test_the_safe_alternative_stands_where_the_verdict_is_bad(site: Path) -> None:
    """Whoever reads of a silent error reads what to use in its place, on top and beside the evidence."""
    text = (site / "entries" / "transaction.atomic_decorator.html").read_text("utf-8")
    assert (
        "<strong>Use instead</strong> Wrap a synchronous function: <code>await sync_to_async(function)()</code>" in text
    )
    silent, unknown = (
        text.split('<article class="finding v-silent"')[1],
        text.split('<article class="finding v-unknown"')[1],
    )
    assert 'class="instead"' in silent.split("</article>")[0]
    assert 'class="instead"' not in unknown.split("</article>")[0]


def test_a_good_verdict_needs_no_alternative(
    tmp_path: Path, catalogue: Catalogue, make_column_results: Callable[..., Results]
) -> None:
    """Where everything passes, no alternative distracts."""
    render_html([make_column_results({"queryset.acount:result": "pass"})], catalogue, tmp_path)
    assert "Use instead" not in (tmp_path / "entries" / "queryset.acount.html").read_text("utf-8")


def test_a_report_without_results_is_a_site_too(tmp_path: Path, catalogue: Catalogue) -> None:
    """Nothing measured gives pages that open, with the catalogue and no columns."""
    render_html([], catalogue, tmp_path)
    assert broken_links(tmp_path) == []


def test_what_selfcheck_found_has_a_page_of_its_own(results, catalogue, tmp_path):
    """Counts, and each survivor with its reason; without a selfcheck there is neither page nor link."""
    kills = {
        "planted": 3,
        "killed": 2,
        "generators": {"task-left": {"about": "A task goes on.", "judges": {"leftovers": [2, 3]}}},
        "survivors": [
            {"defect": "a.b/task-left", "judge": "leftovers", "also": [], "reason": "No <loop> runs.", "broken": ""}
        ],
        "without": {"c.d": "absent"},
        "unproven": ["e.f:state"],
        "controls": {"noop": ""},
        "truths": {"hangs": "it is pass"},
    }
    render_html(results, catalogue, tmp_path / "with", kills)
    render_html(results, catalogue, tmp_path / "without")
    text = (tmp_path / "with" / "proof.html").read_text("utf-8")
    page = Page(text)
    assert not page.unbalanced
    assert "proof.html" in page.links
    for words in ("A task goes on.", "2 <b>of 3</b>", "No &lt;loop&gt; runs.", "e.f:state", "it is pass"):
        assert words in text
    assert not (tmp_path / "without" / "proof.html").exists()
    assert "proof.html" not in Page((tmp_path / "without" / "index.html").read_text("utf-8")).links
