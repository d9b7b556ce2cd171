"""`expect`: what is written makes the gate green, what is no longer true goes, and what is wrong is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from conformance.case import Cell, Failure
from conformance.cli import main
from conformance.environment import Environment
from conformance.expectations import When, load_expectations
from conformance.gate.conditions import condition_for
from conformance.gate.lint import _can_hold
from conformance.results import Results, file_name, write_results
from tests.conformance.synthetic import ATOMIC, COUNT, NEW, OBSERVED, POSTGRESQL, SQL, SQLITE, catalogue, results

TODAY = datetime.now(timezone.utc).date()
MARIADB = replace(POSTGRESQL, vendor="mariadb", driver="PyMySQL")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An own working folder with the synthetic catalogue in it."""
    catalogue(tmp_path)
    monkeypatch.chdir(tmp_path)


def measured(verdicts: dict[Cell, str | list[str]], environment: Environment = POSTGRESQL, **more: Any) -> Results:
    """Write results of the synthetic catalogue to the default folder."""
    written = results(verdicts, digest=catalogue(Path()).hash, environment=environment, **more)
    write_results(written, Path("conformance-results") / file_name(environment))
    return written


def conform(*arguments: str) -> int:
    """A command on the synthetic catalogue."""
    return main([*arguments, "--catalogue", "catalogue"])


def gate() -> int:
    """Judge with the file that was written."""
    return conform("gate", "--expectations", "expectations.toml")


ENVIRONMENTS = [
    replace(environment, django=django) for django in ("4.2.30", "5.2.8", "6.1") for environment in (SQLITE, POSTGRESQL)
]


@pytest.mark.parametrize(
    ("wanted", "condition"),
    [
        (range(6), {}),
        ([0, 2, 4], {"vendor": "sqlite"}),
        ([4, 5], {"django": ">=6.1"}),
        ([0, 1], {"django": "<5.2"}),
        ([2, 3], {"django": ">=5.2,<6.1"}),
        ([2], {"vendor": "sqlite", "django": ">=5.2,<6.1"}),
        ([0, 3], None),
    ],
)
def test_a_condition_tells_environments_apart(wanted: list[int], condition: dict[str, Any] | None) -> None:
    """The shortest that holds in just these environments; none where no short one does."""
    inside = [ENVIRONMENTS[number] for number in wanted]
    others = [environment for environment in ENVIRONMENTS if environment not in inside]
    assert condition_for(inside, others) == condition
    if condition is not None:
        assert [each for each in ENVIRONMENTS if When.from_dict(condition).holds_in(each)] == inside


@pytest.mark.parametrize("axis", ["pooled", "server_side_binding"])
def test_a_switch_tells_environments_apart(axis: str) -> None:
    """On and off, as a truth value."""
    on, off = (replace(POSTGRESQL, **{axis: value}) for value in (True, False))
    assert condition_for([on], [off]) == {axis: True}
    assert condition_for([off], [on]) == {axis: False}


def test_releases_of_one_series_are_told_apart_by_their_last_number() -> None:
    """What became wrong within a series needs the whole version."""
    old, new = (replace(SQLITE, django=django) for django in ("5.2.7", "5.2.8"))
    assert condition_for([new], [old]) == {"django": ">=5.2.8"}


def test_what_is_written_makes_the_gate_green(capsys: pytest.CaptureFixture[str]) -> None:
    """Every verdict that an expectation excuses, in every environment; each rule is valid and marked todo."""
    measured({COUNT: "silent", SQL: ["pass", "fail"], ATOMIC: "pass", NEW: "absent", OBSERVED: "fail"})
    measured({COUNT: "silent", SQL: "fail", ATOMIC: "loud", NEW: "fail", OBSERVED: "fail"}, SQLITE)
    measured({COUNT: "pass", SQL: "timeout", ATOMIC: "loud", NEW: "absent"}, MARIADB)
    assert gate_without() == 10
    assert conform("expect", "init") == 0
    assert capsys.readouterr().out.endswith("expectations.toml: 5 rules, each to be given its reason and its issue\n")
    known = load_expectations(Path("expectations.toml"))
    assert [(rule.match, rule.checks, str(rule.when), rule.outcome, rule.classified) for rule in known.expect] == [
        ("queryset.acount", ("result",), "vendor postgresql or sqlite", "silent", "todo"),
        ("queryset.acount", ("sql",), "vendor sqlite", "fail", "todo"),
        ("queryset.anew", (), "vendor sqlite", "fail", "todo"),
    ]
    assert [(rule.checks, rule.min_pass) for rule in known.flaky] == [(("sql",), 0.5)]
    assert [(rule.checks, rule.expires) for rule in known.quarantine] == [(("sql",), TODAY + timedelta(days=30))]
    assert {rule.issue for rule in known} == {"todo"}
    assert known.expect[0].reason == "todo: say why. Measured: 2 rows instead of 3"
    assert gate() == 0


def gate_without() -> int:
    """Judge without expectations."""
    return conform("gate")


def test_rules_stand_apart() -> None:
    """One blank line before each, in a new file and in one that is there."""
    measured({COUNT: "fail", SQL: ["pass", "fail"], NEW: "fail"}, replace(POSTGRESQL, django="6.1"))
    assert conform("expect", "init") == 0
    text = Path("expectations.toml").read_text()
    assert text.count("[[") == text.count("\n\n[[") == 3
    assert "\n\n\n" not in text
    write(rule("queryset.acount", more='checks = ["result"]').lstrip())
    assert conform("expect", "update", "--add") == 0
    text = Path("expectations.toml").read_text()
    assert text.count("\n\n[[") == 2
    assert "\n\n\n" not in text


def test_what_nothing_excuses_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """A crash has no rule: the code is the gate's, and the rest is written all the same."""
    measured({COUNT: "crash", SQL: "fail"})
    assert conform("expect", "init") == 10
    out = capsys.readouterr().out
    assert "what no expectation excuses:\n10 regression: Django 5.2.8" in out
    assert "queryset.acount:result ended as crash" in out
    assert [rule.checks for rule in load_expectations(Path("expectations.toml"))] == [("sql",)]


def test_a_file_that_is_there_is_not_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    """64, with the command that adds to it."""
    measured({COUNT: "fail"})
    Path("expectations.toml").write_text("# mine\n")
    assert conform("expect", "init") == 64
    assert "error: expectations.toml exists already.\n  Add what is new to it with" in capsys.readouterr().err
    assert Path("expectations.toml").read_text() == "# mine\n"


RULE = """
# Why we live with {match}.
[[expect]]
match = "{match}"{more}
outcome = "{outcome}"  # seen since 2026
class = "bug"
reason = "r"
issue = "#1"
"""


def rule(match: str, outcome: str = "fail", more: str = "") -> str:
    """An expectation with comments."""
    return RULE.format(match=match, outcome=outcome, more=f"\n{more}" if more else "")


def write(*rules: str) -> None:
    """A file of expectations with a comment at its top."""
    Path("expectations.toml").write_text("# Ours: ask Joan.\n" + "".join(rules))


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


def date_of(days: int) -> date:
    """A day from now."""
    return TODAY + timedelta(days=days)


@pytest.mark.parametrize(
    ("text", "code", "problem"),
    [
        (rule("queryset.gone"), 11, "matches nothing in the catalogue"),
        (rule("queryset.acount", more='checks = ["gone"]'), 11, "names the check 'gone', which none of its entries"),
        (rule("queryset.aslow"), 11, "covers only what never gates"),
        (rule("queryset.acount", more=f"expires = {date_of(-1)}"), 11, f"expired on {date_of(-1)}"),
        (rule("queryset.acount", more='when = { django = ">=5,<4.2" }'), 11, "is never true: no version is >=5,<4.2"),
        (rule("atomic.coroutine", "loud"), 11, "expects a refusal that the documentation promises"),
        (rule("queryset.acount") + rule("queryset.*", "silent"), 65, "are both about queryset.acount:result"),
        (
            f'[[quarantine]]\nmatch = "queryset.acount"\nreason = "r"\nissue = "#1"\nexpires = {date_of(31)}\n',
            65,
            "a quarantine lasts 30 days at most",
        ),
        (rule("queryset.acount", more='when = { django = ">=5.0,<5.1" }'), 0, ""),
        (rule("queryset.acount", more="expires = 2099-01-01"), 0, ""),
    ],
)
def test_what_is_wrong_with_rules_is_named(
    text: str, code: int, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without any result: the code, and one sentence with the remedy."""
    write(text)
    assert conform("expect", "lint") == code
    out = capsys.readouterr().out
    assert problem in out
    assert out.endswith(f"{'1 problem' if code else '0 problems'}\n")


def test_with_results_a_rule_that_does_nothing_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """As the gate says it; each problem once."""
    write(rule("queryset.acount", more='when = { vendor = "oracle" }'))
    measured({COUNT: "fail"})
    assert conform("expect", "lint") == 0
    assert conform("expect", "lint", "conformance-results") == 11
    assert "matches no environment of these results (vendor oracle)" in capsys.readouterr().out


def test_unfinished_rules_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """What `init` wrote is no problem, and not done."""
    measured({COUNT: "fail"})
    assert conform("expect", "init") == 0
    assert conform("expect", "lint") == 0
    assert (
        "todo: [[expect]] number 1 of expectations.toml (queryset.acount) has no reason or no issue yet\n"
        "expectations.toml: 1 rule, 0 problems\n"
    ) in capsys.readouterr().out


@pytest.mark.parametrize(
    "specifier", ["==5.2.*", ">5.2,<5.2.1", "!=5.2", "~=4.2.1", "<4", ">=4.2,<5.0", "==6.1rc1", "<=5.0"]
)
def test_a_version_that_can_be_is_not_called_impossible(specifier: str) -> None:
    """Bounds that touch, wildcards, pre-releases."""
    assert _can_hold(specifier)


@pytest.mark.parametrize("specifier", ["<4,>5", "==5.1,==5.2", ">=5,<5", "==5.2.*,<5.2"])
def test_a_version_that_cannot_be(specifier: str) -> None:
    """Nothing between the bounds."""
    assert not _can_hold(specifier)


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (["init"], 12, "There are no results in conformance-results."),
        (["update"], 65, "The expectations in expectations.toml cannot be read: No such file or directory."),
        (["lint", "--expectations", "none.toml"], 65, "The expectations in none.toml cannot be read"),
        (["lint", "nowhere"], 65, "The expectations in"),
        (["init", "--output", "catalogue/x/y.toml"], 12, "There are no results"),
    ],
)
def test_what_cannot_be_done(arguments: list[str], code: int, error: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The code and what is wrong."""
    assert conform("expect", *arguments) == code
    assert error in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_13(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is changed."""
    measured({COUNT: "fail"})
    Path("file").write_text("")
    assert conform("expect", "init", "--output", "file/e.toml") == 13
    assert "The expectations cannot be written to file/e.toml" in capsys.readouterr().err
