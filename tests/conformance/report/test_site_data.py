"""What the pages of the whole have: databases, documentation, changes, what is slow, words and filters."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.catalogue import Catalogue, load_catalogue
from conformance.catalogue.situations import SITUATIONS, situation_of
from conformance.checks.evidence import Evidence
from conformance.report.aggregate import Report, tabulate
from conformance.report.changes import Changes
from conformance.report.coverage import coverage, source_rows
from conformance.report.databases import databases
from conformance.report.grid import letters
from conformance.report.legend import WORD_MARKS
from conformance.report.text import EVIDENCE, difference_lines
from conformance.report.timing import flaky, seconds, slowest
from conformance.results import Results


@pytest.fixture
def report(results: list[Results], catalogue: Catalogue) -> Report:
    """The synthetic results, put together."""
    return tabulate(results, catalogue)


def test_every_paragraph_that_is_cited_is_listed(report: Report) -> None:
    """By document and fragment, with the entries; the source text's rows stand with the claims."""
    (document,) = coverage(report)
    assert document.name == "Django: en/5.2/ref/models/querysets"
    assert document.entries == len(report.rows) == len(document.paragraphs)
    assert source_rows(report.rows[0].entry) == ("O2",)


def test_a_row_of_the_source_text_can_be_reached(site: Path) -> None:
    """An entry that cites one leads to where it stands, and nowhere is a file named that a reader does not have."""
    text = (site / "entries" / "queryset.acount.html").read_text("utf-8")
    assert '<a href="../claims.html#row-O2">the source text, O2</a>' in text
    assert 'id="row-O2"' in (site / "claims.html").read_text("utf-8")
    assert not [path for path in site.rglob("*.html") if "spec/systems.md" in path.read_text("utf-8")]


def test_a_database_stands_apart_where_no_other_agrees(report: Report) -> None:
    """The differences are of one series, the newest first, each with what the others have."""
    found = {database.name: database for database in databases(report)}
    assert [*found] == ["SQLite", "PostgreSQL", "MariaDB"]
    for database in found.values():
        for series, differences in database.differences:
            for each in differences:
                assert each.result.column.series == series
                assert each.result.outcome not in {outcome for _, outcome in each.others}
    flaky_counts = [each.row.entry.id for _, found in found["PostgreSQL"].differences for each in found]
    assert "queryset.acount" in flaky_counts


def test_changes_go_from_release_to_release(report: Report) -> None:
    """The newest step comes first, and each has a page."""
    assert [step.name for step in Changes(report).steps] == ["django-5.2.8-6.1.1", "django-4.2.30-5.2.8"]
    appeared = dict(Changes(report).steps[1].comparison.of("appeared"))
    assert "Models" in appeared


def test_what_is_slow_and_flaky_is_listed(report: Report) -> None:
    """The slowest first; what differs between attempts; what an environment took."""
    times = [slow.milliseconds for slow in slowest(report)]
    assert times == sorted(times, reverse=True)
    assert times[0] == 75.0
    assert all(check.verdict.name == "flaky" for _, check in flaky(report))
    assert seconds(report.columns[0]) > 0


def test_a_workaround_is_counted_by_its_word(report: Report) -> None:
    """Its verdicts are not among those of operations, and its letters are words'."""
    words, rest = report.words(), report.counts(workarounds=False)
    assert words.of + rest.of == report.counts().of
    workaround = next(row for row in report.rows if row.is_workaround)
    assert set(letters(workaround)) <= {mark.letter for mark in WORD_MARKS}


def test_every_situation_has_a_name() -> None:
    """Each check of a workaround is told in words, and no name is left over."""
    entries = (entry for entry in load_catalogue().entries if entry.subject == "workaround" and entry.judged is None)
    checks = {check.name for entry in entries for check in entry.checks}
    assert checks == set(SITUATIONS)
    assert situation_of("some_thing") == ("some thing", "")


def test_evidence_is_told_in_words() -> None:
    """A figure does not read as if it were the check of the same name."""
    assert EVIDENCE["overlap"] == "two statements under way at one time"
    assert set(EVIDENCE) == set(Evidence().as_dict())
    assert not [words for words in EVIDENCE.values() if "of those" in words], "rows are sorted: none follows another"


def test_a_difference_keeps_its_text_and_marks_its_lines() -> None:
    """Hostile text stays text."""
    assert difference_lines("  x\n- <b>\n+ 2") == "  x\n<del>- &lt;b&gt;</del>\n<ins>+ 2</ins>"
