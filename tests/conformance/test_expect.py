"""`expect init`: what is written makes the gate green, under conditions that tell the environments apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from conformance.expectations import When, load_expectations
from conformance.gate.conditions import condition_for
from tests.conformance.expecting import MARIADB, TODAY, conform, gate, gate_without, measured, rule, write
from tests.conformance.synthetic import ATOMIC, COUNT, NEW, OBSERVED, POSTGRESQL, SQL, SQLITE

pytestmark = pytest.mark.usefixtures("synthetic_folder")


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
    assert capsys.readouterr().out.endswith("expectations.toml: 4 rules, each to be given its reason and its issue\n")
    known = load_expectations(Path("expectations.toml"))
    assert [(rule.match, rule.checks, str(rule.when), rule.outcome, rule.classified) for rule in known.expect] == [
        ("queryset.acount", ("result",), "vendor postgresql or sqlite", "silent", "todo"),
        ("queryset.acount", ("sql",), "vendor sqlite", "fail", "todo"),
    ]
    assert [(rule.checks, rule.min_pass) for rule in known.flaky] == [(("sql",), 0.5)]
    assert [(rule.checks, rule.expires) for rule in known.quarantine] == [(("sql",), TODAY + timedelta(days=30))]
    assert {rule.issue for rule in known} == {"todo"}
    assert known.expect[0].reason == "todo: say why. Measured: 2 rows instead of 3"
    assert gate() == 0


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
