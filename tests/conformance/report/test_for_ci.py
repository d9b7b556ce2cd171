"""What a CI is given: JUnit's XML, a summary in Markdown, badges."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from conformance.case import Cell, SuiteError
from conformance.catalogue import Catalogue
from conformance.cli import main
from conformance.environment import Environment
from conformance.expectations import Expectations, load_expectations
from conformance.gate import GateResult, judge
from conformance.report import badges, render_junit, render_summary, write_badges
from conformance.results import Results, file_name, write_results
from tests.conformance.report.conftest import make_catalogue

TODAY = date(2027, 1, 10)


@pytest.fixture(scope="module")
def judged(catalogue: Catalogue, results: list[Results]) -> GateResult:
    """What the gate says of the nine environments."""
    return judge(results, catalogue, Expectations(), TODAY)


def test_a_suite_is_an_environment_and_a_case_is_a_cell(results: list[Results], judged: GateResult) -> None:
    """Every planned cell once, in order; every axis is a property; the totals are those of the parts."""
    root = ET.fromstring(render_junit(results, judged))
    assert len(root) == 9
    for suite, part in zip(root, sorted(results, key=lambda part: part.environment.version_key), strict=True):
        cells = [Cell(str(case.get("classname")), str(case.get("name"))) for case in suite.iter("testcase")]
        assert cells == list(part.planned)
        properties = {each.get("name"): each.get("value") for each in suite.iter("property")}
        assert properties["django"] == part.environment.django
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.get(name, "-1")) == len(list(suite.iter(tag)))
    assert int(root.get("tests", "0")) == sum(len(part.planned) for part in results)
    assert int(root.get("failures", "0")) > 0


@pytest.mark.parametrize(
    ("verdict", "tag"),
    [
        ("pass", None),
        ("silent", "failure"),
        ("fail", "failure"),
        ("flaky 1/2", "failure"),
        ("timeout", "failure"),
        ("crash", "failure"),
        ("harness_error", "error"),
        (None, "error"),
        ("n/a", "skipped"),
        ("blocked", "skipped"),
    ],
)
def test_what_a_verdict_is_to_a_ci(
    verdict: str | None, tag: str | None, catalogue: Catalogue, make_column_results: Callable[..., Results]
) -> None:
    """A failure is about the code under test, an error about what is not known of it, and the rest is skipped."""
    found = make_column_results({"queryset.acount:result": verdict}, catalogue=catalogue.hash)
    root = ET.fromstring(render_junit([found], judge([found], catalogue, Expectations(), TODAY)))
    (case,) = root.iter("testcase")
    assert [each.tag for each in case] == ([tag] if tag else [])
    if tag in ("failure", "error"):
        (outcome,) = case
        assert outcome.get("type") == (verdict or "unknown")
        assert str(outcome.get("message")).startswith("queryset.acount:result ")


def test_what_is_expected_is_skipped_and_what_is_stale_fails(
    catalogue: Catalogue, make_column_results: Callable[..., Results], tmp_path: Path
) -> None:
    """A rule about nothing is a case of a suite of its own."""
    rule = '[[expect]]\nmatch = "queryset.{}"\noutcome = "fail"\nclass = "bug"\nreason = "r"\nissue = "#1"\n'
    (tmp_path / "e.toml").write_text(rule.format("acount") + rule.format("gone"))
    found = make_column_results({"queryset.acount:result": "fail"}, catalogue=catalogue.hash)
    gated = judge([found], catalogue, load_expectations(tmp_path / "e.toml"), TODAY)
    cell, stale = ET.fromstring(render_junit([found], gated)).iter("testcase")
    assert [each.tag for each in cell] == ["skipped"]
    assert "as expected (bug, #1)" in str(cell[0].get("message"))
    assert (stale.get("classname"), stale[0].tag) == ("expectations", "failure")


def test_hostile_text_is_text(results: list[Results], judged: GateResult) -> None:
    """Markup, control characters and halves of characters arrive as what they are, or as escapes: it is XML."""
    text = render_junit(results, judged)
    assert "<script>" not in text
    assert ET.fromstring(text).tag == "testsuites"


def test_a_summary_is_short(catalogue: Catalogue, results: list[Results], judged: GateResult) -> None:
    """Some hundred lines at most, of however many environments, that say first whether it conforms."""
    many = [
        replace(part, environment=replace(part.environment, django=f"{part.environment.django}{number}"))
        for number in range(8)
        for part in results
    ]
    gated = judge(many, catalogue, Expectations(), TODAY)
    text = render_summary(many, catalogue, gated)
    assert len(text.splitlines()) <= 110
    assert text.startswith("## ❌ Async ORM conformance: setup or harness error\n")
    assert "… and 32 more environments." in text
    assert "<script>" not in text
    assert text.endswith("\n")


def test_a_summary_has_a_row_for_each_environment(
    catalogue: Catalogue, make_column_results: Callable[..., Results]
) -> None:
    """Counts with their totals, what is to be corrected, and what does not gate with the reason."""
    verdicts: dict[str, str | None] = {
        **{f"queryset.acount:{name}": "pass" for name in ("result", "sql", "committed")},
        "model.asave:result": "fail",
        "workaround.thread_insensitive:result": "silent",
    }
    found = make_column_results(verdicts, catalogue=catalogue.hash)
    text = render_summary([found], catalogue, judge([found], catalogue, Expectations(), TODAY))
    assert "| Environment | 🟥 S silent | 🟧 F fail | 🟩 P pass | of |" in text
    assert "| PostgreSQL, Django 5.2.8 |  | 1 | 1 | 2 |" in text
    assert "\nWorkarounds: 🟥 unsafe 1 of 1.\n" in text
    assert "### To correct: 1\n\n- model.asave:result is fail: " in text
    assert "<details><summary>Not gating: 1, by reason</summary>" in text


def test_green_is_said(catalogue: Catalogue, make_column_results: Callable[..., Results]) -> None:
    """Nothing to correct is one line."""
    found = make_column_results({"queryset.acount:result": "pass"}, catalogue=catalogue.hash)
    text = render_summary([found], catalogue, judge([found], catalogue, Expectations(), TODAY))
    assert text.startswith("## ✅ Async ORM conformance: conforms\n\nExit code 0 (conforms). 1 cells.\n")
    assert "To correct" not in text


@pytest.mark.parametrize(
    ("verdicts", "message", "colour"),
    [
        ({"queryset.acount:result": "pass"}, "1 of 1 right", "brightgreen"),
        ({"queryset.acount:result": "pass", "model.asave:result": "silent"}, "1 of 2 right, 1 silent", "red"),
        ({"queryset.acount:result": "fail", "model.asave:result": "loud"}, "0 of 2 right, 1 fail, 1 loud", "orange"),
        ({"queryset.acount:result": "flaky 1/2"}, "0 of 1 right, 1 flaky", "yellow"),
        ({"queryset.acount:result": None}, "0 of 1 right, 1 unknown", "yellow"),
        ({"queryset.acount:result": "loud"}, "0 of 1 right, 1 loud", "blue"),
        ({"workaround.thread_insensitive:result": "silent"}, "not measured", "yellow"),
    ],
)
def test_a_badge_counts_what_is_right(
    verdicts: dict[str, str | None],
    message: str,
    colour: str,
    catalogue: Catalogue,
    make_column_results: Callable[..., Results],
) -> None:
    """Of the entries that gate, with the worst verdicts beside them and the colour of the worst."""
    (badge,) = badges([make_column_results(verdicts, catalogue=catalogue.hash)], catalogue)
    assert (badge.message, badge.color) == (message, colour)
    assert json.loads(badge.endpoint) == {
        "schemaVersion": 1,
        "label": "async ORM on PostgreSQL",
        "message": message,
        "color": colour,
    }


def test_an_entry_is_right_only_where_every_django_is(
    catalogue: Catalogue,
    make_column_results: Callable[..., Results],
    make_environment: Callable[..., Environment],
) -> None:
    """One badge a database, over its Djangos: the worst of them counts."""
    parts = [
        make_column_results({"queryset.acount:result": verdict}, make_environment(*given), catalogue.hash)
        for verdict, given in (
            ("pass", ("5.2.8",)),
            ("fail", ("6.1.1",)),
            ("pass", ("6.1.1", "3.11.0", "sqlite", "3.46.1", "sqlite3")),
        )
    ]
    assert {badge.name: badge.message for badge in badges(parts, catalogue)} == {
        "sqlite": "1 of 1 right",
        "postgresql": "0 of 1 right, 1 fail",
    }


def test_a_badge_is_a_picture(catalogue: Catalogue, results: list[Results], tmp_path: Path) -> None:
    """Files for each database; the picture is XML with the text as its title, and no wider than its parts."""
    paths = write_badges(badges(results, catalogue), tmp_path / "badges")
    assert sorted(path.name for path in paths) == [
        f"{vendor}.{kind}" for vendor in ("mariadb", "postgresql", "sqlite") for kind in ("json", "svg")
    ]
    for path in paths:
        if path.suffix == ".svg":
            root = ET.fromstring(path.read_text("utf-8"))
            texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
            assert root.get("aria-label") == ": ".join(str(text) for text in texts)
    (tmp_path / "file").write_text("")
    with pytest.raises(SuiteError, match="The badges cannot be written to"):
        write_badges(badges(results, catalogue), tmp_path / "file")


@pytest.mark.parametrize("kind", ["junit", "summary", "badge"])
def test_the_command_writes_each(
    kind: str, results: list[Results], catalogue: Catalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """To standard output or a file, the same bytes; badges beside the results."""
    (tmp_path / "catalogue").mkdir()
    make_catalogue(tmp_path / "catalogue")
    for part in results:
        write_results(part, tmp_path / "results" / file_name(part.environment))
    command = ["report", str(tmp_path / "results"), "--format", kind, "--catalogue", str(tmp_path / "catalogue")]
    assert main(command) == 0
    printed = capsys.readouterr().out
    if kind == "badge":
        assert printed.splitlines()[0] == str(tmp_path / "results/badges/sqlite.json")
        return
    assert main([*command, "--output", str(tmp_path / "new/file")]) == 0
    assert (tmp_path / "new/file").read_text("utf-8") == printed
    assert main([*command, "--output", str(tmp_path / "new/file/below")]) == 13
    assert "error: The report cannot be written to" in capsys.readouterr().err


def test_expectations_are_for_what_is_judged(capsys: pytest.CaptureFixture[str]) -> None:
    """The pages show what was measured, whatever is expected."""
    assert main(["report", "--format", "md", "--expectations", "e.toml"]) == 64
    assert "--expectations is for --format junit and summary, and not for md" in capsys.readouterr().err
