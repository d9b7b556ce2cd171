"""`expect lint`: what is wrong with rules is named, and what cannot be read or written has its exit code."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from conformance.gate.lint import _can_hold
from tests.conformance.expecting import TODAY, conform, measured, rule, write
from tests.conformance.synthetic import COUNT

pytestmark = pytest.mark.usefixtures("synthetic_folder")


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
