"""`expect update`: what is no longer true goes, and what people wrote stays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from conformance.case import Cell, Failure
from conformance.expectations import load_expectations
from conformance.results import file_name, write_results
from tests.conformance.expecting import TODAY, conform, gate, measured, rule, write
from tests.conformance.synthetic import ATOMIC, COUNT, NEW, POSTGRESQL, SQL, SQLITE

pytestmark = pytest.mark.usefixtures("synthetic_folder")


def test_what_is_no_longer_true_goes_and_comments_stay(capsys: pytest.CaptureFixture[str]) -> None:
    """A rule that conforms is dropped, one of which a part does keeps the rest, and the others are left as they are."""
    write(
        rule("queryset.acount", more='checks = ["result", "sql"]'),
        rule("queryset.gone"),
        rule("atomic.coroutine", "silent"),
        rule("queryset.anew", more='examples = ["x"]'),
    )
    measured({COUNT: "fail", SQL: "pass", ATOMIC: "loud", NEW: "fail"}, replace(POSTGRESQL, django="6.1"))
    assert gate() == 11
    assert conform("expect", "update") == 0
    assert Path("expectations.toml").read_text() == (
        "# Ours: ask Joan.\n"
        + rule("queryset.acount", more='checks = ["result"]')
        + rule("queryset.anew", more='examples = ["x"]')
    )
    assert capsys.readouterr().out.splitlines()[-4:] == [
        "narrowed [[expect]] number 1 of expectations.toml (queryset.acount): sql now conforms",
        "dropped [[expect]] number 2 of expectations.toml (queryset.gone): it matches nothing in the catalogue",
        ("dropped [[expect]] number 3 of expectations.toml (atomic.coroutine): atomic.coroutine:refused now conforms"),
        "2 rules dropped, 1 narrowed, 0 examples pinned, 0 rules added",
    ]
    assert gate() == 0


def test_a_file_of_another_form_is_left_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """What is no table of its own, or looks like one inside of a text, is for people to delete."""
    inline = 'expect = [{match = "atomic.coroutine", outcome = "fail", class = "bug", reason = "r", issue = "i"}]\n'
    text = rule("atomic.coroutine").replace('reason = "r"', 'reason = """\n[[expect]]\n"""')
    measured({ATOMIC: "loud"})
    for content in (inline, f"{text}{rule('atomic.gone')}"):
        Path("expectations.toml").write_text(content)
        assert conform("expect", "update") == 65
        assert "Delete by hand: [[expect]] number 1" in capsys.readouterr().err
        assert Path("expectations.toml").read_text() == content


def test_a_comment_that_begins_the_file_stays() -> None:
    """It is about the file, also where nothing is between it and the first rule."""
    lines = rule("atomic.coroutine").splitlines(keepends=True)
    Path("expectations.toml").write_text("".join(["# Ours.\n", *lines[2:]]))
    measured({ATOMIC: "loud"})
    assert conform("expect", "update") == 0
    assert Path("expectations.toml").read_text() == "# Ours.\n"


def test_a_failing_example_is_pinned(capsys: pytest.CaptureFixture[str]) -> None:
    """The smallest example that failed, as text that can be read; a second update changes nothing."""
    write(rule("queryset.acount"))
    found = measured({COUNT: "fail"})
    failing = replace(found.cells[0], failure=Failure("m", example="first()\nsecond()"))
    write_results(replace(found, cells=(failing,)), Path("conformance-results") / file_name(POSTGRESQL))
    assert conform("expect", "update") == 0
    (known,) = load_expectations(Path("expectations.toml")).expect
    assert known.examples == ("first()\nsecond()",)
    before = Path("expectations.toml").read_text()
    assert conform("expect", "update") == 0
    assert Path("expectations.toml").read_text() == before
    assert capsys.readouterr().out.endswith("0 rules dropped, 0 narrowed, 0 examples pinned, 0 rules added\n")


@pytest.mark.parametrize(
    ("text", "verdicts", "said"),
    [
        (rule("queryset.*"), {COUNT: "fail", SQL: "pass"}, "sql now conforms, and it names every check of several"),
        (rule("queryset.anew"), {COUNT: "pass"}, "these results have none of its cells: it stays as it is"),
        (rule("queryset.acount", more="expires = 2026-01-01"), {COUNT: "fail"}, "it expired on 2026-01-01: look at #1"),
    ],
)
def test_what_is_for_people_to_decide_is_said(
    text: str, verdicts: dict[Cell, str | list[str]], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the file stays as it is."""
    write(text)
    before = Path("expectations.toml").read_text()
    measured(verdicts)
    assert conform("expect", "update") == 0
    assert (
        f"left [[expect]] number 1 of expectations.toml ({text.split(chr(34))[1]}): {said}" in capsys.readouterr().out
    )
    assert Path("expectations.toml").read_text() == before


def test_a_check_that_conforms_in_one_place_alone_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """Which environments are meant is for people to decide."""
    write(rule("queryset.acount"))
    measured({COUNT: "fail"})
    measured({COUNT: "pass"}, SQLITE)
    assert conform("expect", "update") == 0
    assert "result conforms in some of its environments: narrow its `when`" in capsys.readouterr().out


def test_new_findings_are_added_on_request() -> None:
    """Once, marked todo, after the rules that are there; nothing is added for what a rule covers."""
    write(rule("queryset.acount", more='checks = ["result"]'))
    measured({COUNT: "fail", SQL: "fail"})
    assert conform("expect", "update") == 0
    assert gate() == 10
    for _ in range(2):
        assert conform("expect", "update", "--add") == 0
        known = load_expectations(Path("expectations.toml"))
        assert [(rule.checks, rule.classified) for rule in known.expect] == [(("result",), "bug"), (("sql",), "todo")]
    assert gate() == 0


def test_a_quarantine_that_is_needless_goes() -> None:
    """If everything arrived and nothing hung."""
    quarantine = f'[[quarantine]]\nmatch = "queryset.acount"\nreason = "r"\nissue = "#1"\nexpires = {TODAY}\n'
    for verdicts, kept in (({COUNT: "timeout"}, True), ({COUNT: "pass"}, False)):
        write(quarantine)
        measured(verdicts)  # type: ignore[arg-type]
        assert conform("expect", "update") == 0
        assert (Path("expectations.toml").read_text() == f"# Ours: ask Joan.\n{quarantine}") is kept
