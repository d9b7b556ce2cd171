"""Expectations: what a file may say, and what is wrong in one that says something else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from conformance.case import Cell, ExitCode, SuiteError, matches
from conformance.expectations import Expectations, When, load_expectations
from tests.conformance.synthetic import COUNT, POSTGRESQL, SQL, SQLITE

EXPECT = """
[[expect]]
match = "queryset.acount"
outcome = "silent"
class = "bug"
reason = "It loses rows."
issue = "https://example.org/1"
"""


def load(folder: Path, text: str) -> Expectations:
    """Load the text as a file."""
    path = folder / "expectations.toml"
    path.write_text(text, "utf-8")
    return load_expectations(path)


def problem(folder: Path, text: str) -> str:
    """What the message says behind the file's name; the code is 65, with the remedy."""
    with pytest.raises(SuiteError) as caught:
        load(folder, text)
    assert caught.value.code is ExitCode.BAD_INPUT
    assert "schema expectations" in caught.value.remedy
    return caught.value.message.partition(" cannot be read: ")[2]


def test_every_field_is_read(tmp_path: Path) -> None:
    """All kinds of rules with all their fields, a date of TOML and one as text."""
    known = load(
        tmp_path,
        EXPECT
        + 'checks = ["sql"]\nwhen = { django = ">=5", vendor = ["postgresql"] }\nexamples = ["[1, 2]"]\n'
        + "expires = 2027-01-31\n"
        + '[[flaky]]\nmatch = "a.*"\nmin_pass = 0.5\nreason = "r"\nissue = "i"\nexpires = "2027-01-31"\n'
        + '[[quarantine]]\nmatch = "*"\nreason = "r"\nissue = "i"\nexpires = 2027-01-31\n',
    )
    (expect,), (flaky,), (quarantine,) = known.expect, known.flaky, known.quarantine
    assert (expect.outcome, expect.classified, expect.checks, expect.examples) == (
        "silent",
        "bug",
        ("sql",),
        ("[1, 2]",),
    )
    assert expect.place == "[[expect]] number 1 of expectations.toml (queryset.acount)"
    assert (flaky.min_pass, flaky.expires, quarantine.expires) == (0.5, date(2027, 1, 31), date(2027, 1, 31))
    assert list(known) == [expect, flaky, quarantine]


def test_an_empty_file_expects_nothing(tmp_path: Path) -> None:
    """A file without rules is a file."""
    assert list(load(tmp_path, "")) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[expect", "it is not TOML: "),
        ("[[expects]]", "`expects` is not a known name; did you mean `expect`?."),
        (
            EXPECT.replace('issue = "https://example.org/1"', ""),
            "in expect, number 1 ('queryset.acount'): `issue` is m",
        ),
        (EXPECT.replace('reason = "It loses rows."', 'reason = ""'), "acount'), reason: it must not be empty."),
        (EXPECT.replace("queryset.acount", "queryset.a*"), "it must be whole segments of an id, or * for a segment"),
        (EXPECT.replace('"bug"', '"shame"'), "it must be one of unsupported, bug, wontfix, todo, not 'shame'."),
        (EXPECT.replace("silent", "pass"), "it must be one of silent, fail, loud, absent, vacuous, not 'pass'."),
        (EXPECT.replace("silent", "timeout"), "outcome: 'timeout' is never excused (a known hang goes into [[quarant"),
        (EXPECT.replace("silent", "setup_error"), "outcome: 'setup_error' is never excused"),
        (EXPECT + 'when = { django = "5" }', "in when, django: '5' is not a version specifier; write one such as"),
        (EXPECT + 'when = { database = "x" }', "`database` is not a known name; known are asgiref, conn_max_age"),
        (EXPECT + 'expires = "soon"', "expires: it must be a date such as 2027-01-31, not 'soon'."),
        (EXPECT + 'expires = "2027-02-30"', "in expect, number 1 ('queryset.acount'): day"),
        (EXPECT + "expires = 2027-01-31T00:00:00", "expires: it must be a date such as"),
        ('[[flaky]]\nmatch = "a"\nmin_pass = 2\nreason = "r"\nissue = "i"', "min_pass: 2 is greater than the maximum"),
        (
            '[[quarantine]]\nmatch = "a"\nreason = "r"\nissue = "i"',
            "in quarantine, number 1 ('a'): `expires` is missing",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(tmp_path: Path, text: str, message: str) -> None:
    """Where in the file, what is wrong, and what would be right."""
    assert message in problem(tmp_path, text)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """No file, a folder, no text: each with the path and the code 65."""
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    for name, message in [
        ("none.toml", "No such file or directory"),
        (".", "Is a directory"),
        ("binary.toml", "not UTF-8"),
    ]:
        with pytest.raises(SuiteError, match=message) as caught:
            load_expectations(tmp_path / name)
        assert caught.value.code is ExitCode.BAD_INPUT


@pytest.mark.parametrize(
    ("pattern", "entry", "expected"),
    [
        ("queryset.acount", "queryset.acount", True),
        ("queryset.acount", "queryset.acount2", False),
        ("queryset", "queryset.acount", False),
        ("queryset.*", "queryset.acount", True),
        ("queryset.*", "queryset.related.aadd", True),
        ("queryset.*", "queryset", False),
        ("*.acount", "queryset.acount", True),
        ("*.acount", "manager.related.acount", False),
        ("*", "queryset.acount", True),
    ],
)
def test_patterns_name_whole_segments(pattern: str, entry: str, expected: bool) -> None:
    """`*` stands for one segment, as the last one for one or more."""
    assert matches(pattern, entry) is expected


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({}, True),
        ({"django": ">=5.2,<6"}, True),
        ({"django": "==5.2.*"}, True),
        ({"django": "<5.2"}, False),
        ({"python": ">=3.12", "asgiref": "<3.10"}, False),
        ({"vendor": "postgresql", "pooled": False}, True),
        ({"vendor": ["sqlite", "mariadb"]}, False),
        ({"driver": "psycopg", "driver_version": ">=3.2", "server_version": "<17"}, True),
        ({"conn_max_age": 0, "variant": "server", "runner": "asyncio"}, True),
        ({"pooled": True}, False),
    ],
)
def test_all_conditions_must_hold(conditions: dict[str, object], expected: bool) -> None:
    """Versions by specifier, everything else as it is, of several names any."""
    assert When.from_dict(conditions).holds_in(POSTGRESQL) is expected


def test_versions_of_the_real_world_are_understood() -> None:
    """Pre-releases count, and a server may say more than numbers."""
    wanted = When.from_dict({"django": ">=6.1a1", "server_version": ">=16"})
    assert wanted.holds_in(replace(POSTGRESQL, django="6.1rc1", server_version="16.2 (Debian 16.2-1)"))
    assert not wanted.holds_in(replace(POSTGRESQL, django="6.1.dev20260101", server_version="unknown"))
    assert replace(POSTGRESQL, django="6.1rc1").django_series == "6.1"


def test_a_rule_covers_its_checks_in_its_environments(tmp_path: Path) -> None:
    """Entry, check and environment must all fit."""
    (rule,) = load(tmp_path, EXPECT + 'checks = ["result"]\nwhen = { vendor = "postgresql" }')
    assert rule.covers(COUNT, POSTGRESQL)
    assert not rule.covers(SQL, POSTGRESQL)
    assert not rule.covers(COUNT, SQLITE)
    assert not rule.covers(Cell("queryset.aget", "result"), POSTGRESQL)
