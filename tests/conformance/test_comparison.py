"""What changed from some results to others: each kind of change, told once, by area, with titles."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.case import Cell, Failure, Shown
from conformance.comparison import (
    KINDS,
    Change,
    CheckChange,
    Comparison,
    Pair,
    compare,
    comparison_json,
    comparison_markdown,
    release_notes,
)
from conformance.comparison.compare import kind_of
from conformance.environment import Environment
from conformance.results import Results
from tests.conformance.synthetic import ATOMIC, COUNT, NEW, OBSERVED, POSTGRESQL, SQL, SQLITE, catalogue, results

OLD = replace(POSTGRESQL, django="4.2.30", asgiref="3.8.1")


@pytest.fixture
def compared(tmp_path: Path) -> Any:
    """Compare results of the synthetic catalogue; verdicts stand for results of one environment."""
    known = catalogue(tmp_path)

    def run(before: Any, after: Any) -> Comparison:
        sides = (
            [results(side, environment=environment, digest=known.hash)] if isinstance(side, dict) else side
            for side, environment in ((before, OLD), (after, POSTGRESQL))
        )
        return compare(*sides, known)

    return run


def told(comparison: Comparison) -> list[str]:
    """Every line but for the title and the summary."""
    return [line.text for line in release_notes(comparison)][2:]


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("silent", "pass", "right"),
        ("loud", "pass", "right"),
        ("pass", "fail", "wrong"),
        ("pass", "loud", "wrong"),
        ("loud", "silent", "wrong"),
        ("absent", "pass", "appeared"),
        ("absent", "silent", "appeared"),
        ("pass", "absent", "went"),
        ("silent", "fail", "otherwise"),
        ("silent", "loud", "otherwise"),
        ("n/a", "pass", "otherwise"),
        ("-", "pass", "measured"),
        ("blocked", "silent", "measured"),
        ("pass", "unknown", "unmeasured"),
        ("unknown", "-", ""),
    ],
)
def test_the_kind_of_a_change(before: str, after: str, kind: str) -> None:
    """Two verdicts that differ are a change of exactly one kind, which has a heading."""
    assert kind_of(before, after, refuses=False) == kind
    assert not kind or kind in KINDS


def test_a_refusal_is_right_where_it_is_documented() -> None:
    """What is documented to refuse becomes right when it does, and wrong when it works silently wrong."""
    assert kind_of("silent", "loud", refuses=True) == "right"
    assert kind_of("loud", "silent", refuses=True) == "wrong"
    assert kind_of("loud", "pass", refuses=True) == "otherwise"


def test_it_reads_as_release_notes_do(compared: Any) -> None:
    """The versions in the title, then each kind, each area, each entry with its title."""
    before = {COUNT: "fail", SQL: "pass", ATOMIC: "loud", NEW: "absent"}
    after = {COUNT: "pass", SQL: "fail", ATOMIC: "silent", NEW: "pass"}
    assert [line.text for line in release_notes(compared(before, after))] == [
        "Django 4.2.30 → 5.2.8, asgiref 3.8.1 → 3.10.0",
        (
            "Entries: became right 1; became wrong 2; appeared 1. "
            "Cells with the same verdict: 0. Compared on PostgreSQL."
        ),
        "Became right (1)",
        "queryset",
        "`queryset.acount`  Count rows: fail → pass in result; still fail",
        "Became wrong (2)",
        "queryset",
        "`queryset.acount`  Count rows: pass → fail in sql; still fail",
        "atomic",
        "`atomic.coroutine`  Atomic refuses: loud → silent",
        "Appeared (1)",
        "queryset",
        "`queryset.anew`  New in 6.0: absent → pass",
    ]


def test_checks_that_changed_in_other_ways_are_told_with_the_worst_first() -> None:
    """The entry's own change, then each step with the checks that took it, named up to four."""
    checks = [
        *(CheckChange(f"right{number}", "absent", "pass") for number in range(6)),
        CheckChange("seen", "absent", "fail", counts=False),
        CheckChange("wrong", "absent", "silent"),
    ]
    change = Change("appeared", "a.b", "Title", "a", "absent", "silent", 8, tuple(checks), pairs=("SQLite",))
    pair = Pair("SQLite", OLD, POSTGRESQL)
    lines = list(release_notes(Comparison((pair,), (), (), (change,), (), 0)))
    assert lines[-1].text == (
        "`a.b`  Title: absent → silent (absent → silent in wrong; absent → fail in seen (only observed); "
        "absent → pass in right0, right1, right2, right3 and 2 more)"
    )


def test_figures_of_an_entry_that_changed_are_not_told(compared: Any) -> None:
    """The change of the verdict explains them."""
    old, new = (
        results({COUNT: verdict, SQL: "pass"}, environment=environment)
        for verdict, environment in (("fail", OLD), ("pass", POSTGRESQL))
    )
    comparison = compared([_with(old, SQL, evidence={"hops": 1})], [_with(new, SQL, evidence={"hops": 0})])
    assert [change.kind for change in comparison.changes] == ["right"]


def test_nothing_is_said_where_nothing_changed(compared: Any) -> None:
    """The same verdicts are no change, and are counted; neither is the share of a flaky one."""
    same = {COUNT: "pass", SQL: ["pass", "fail"], ATOMIC: "loud"}
    comparison = compared(same, {**same, SQL: ["pass", "fail", "fail"]})
    assert (comparison.changes, comparison.same) == ((), 3)
    assert told(comparison) == []


def _with(measured: Results, cell: Cell, **changes: Any) -> Results:
    return replace(
        measured, cells=tuple(replace(each, **changes) if each.cell == cell else each for each in measured.cells)
    )


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({"hops": 2}, {"hops": 0}, "handed over to a thread 2 times → runs natively on the event loop"),
        ({"hops": 0}, {"hops": 1}, "runs natively on the event loop → handed over to a thread once"),
        ({"statements": 20}, {"statements": 10}, "20 → 10 statements in 0 examples"),
        ({"threads": ["executor"]}, {"threads": ["event loop"]}, "statements on executor → event loop"),
        ({"exceptions": {"KeyError": 2}}, {"exceptions": {}}, "no longer raises KeyError"),
        ({"exceptions": {}}, {"exceptions": {"KeyError": 2}}, "raises KeyError"),
        ({"exceptions": {"KeyError": 2}}, {"exceptions": {"KeyError": 1, "TypeError": 1}}, "raises TypeError too"),
        (
            {"exceptions": {"KeyError": 2, "OSError": 1}},
            {"exceptions": {"KeyError": 2, "TypeError": 1}},
            "raises TypeError, and no longer OSError",
        ),
    ],
)
def test_figures_are_told_where_verdicts_are_the_same(
    compared: Any, before: dict[str, Any], after: dict[str, Any], words: str
) -> None:
    """A verdict that stays hides no change of how it comes about; what the judges share is told once."""
    sides = [results({COUNT: "pass", SQL: "pass"}, environment=environment) for environment in (OLD, POSTGRESQL)]
    old, new = (
        _with(_with(side, COUNT, evidence=seen), SQL, evidence=seen)
        for side, seen in zip(sides, (before, after), strict=True)
    )
    (change,) = compared([old], [new]).changes
    assert (change.kind, [figure.text for figure in change.figures]) == ("figures", [words])
    assert compared([old], [_with(_with(new, COUNT, evidence=before), SQL, evidence=before)]).changes == ()


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (("BEGIN", "SELECT 2"), "sends `SELECT 1` → `SELECT 2`"),
        (("BEGIN",), "sends `SELECT 1` → no more"),
        (("BEGIN", f"SELECT {'x' * 100} a"), f"sends `SELECT 1` → `SELECT {'x' * 100} a`"),
        (("BEGIN", "SELECT 1", f"SELECT {'1' * 200}"), f"sends no more → `SELECT {'1' * 153}…`"),
    ],
)
def test_other_statements_are_told_by_the_first_that_differs(compared: Any, sent: tuple[str, ...], words: str) -> None:
    """Of one and the same example; of another example nothing is told."""
    old, new = (results({COUNT: "pass"}, environment=environment) for environment in (OLD, POSTGRESQL))
    shown = Shown(("f()", "await af()"), (), (("BEGIN", "SELECT 1"), ("BEGIN", "SELECT 1")), ("executor",), 1)
    later = replace(shown, sql=(shown.sql[0], sent))
    (change,) = compared([_with(old, COUNT, shown=shown)], [_with(new, COUNT, shown=later)]).changes
    assert [figure.text for figure in change.figures] == [words]
    another = replace(later, code=("g()", "await ag()"))
    assert compared([_with(old, COUNT, shown=shown)], [_with(new, COUNT, shown=another)]).changes == ()


def test_another_number_of_examples_is_no_other_number_of_statements(compared: Any) -> None:
    """Totals are compared only where both sides had as many examples."""
    old, new = (results({COUNT: "pass"}, environment=environment) for environment in (OLD, POSTGRESQL))
    comparison = compared(
        [_with(old, COUNT, evidence={"statements": 20}, examples=20)],
        [_with(new, COUNT, evidence={"statements": 50}, examples=50)],
    )
    assert comparison.changes == ()


def test_another_failure_is_told(compared: Any) -> None:
    """Wrong before and after, and no longer in the same way."""
    old, new = (results({COUNT: "silent"}, environment=environment) for environment in (OLD, POSTGRESQL))
    comparison = compared([old], [_with(new, COUNT, failure=Failure("4 rows instead of 3"))])
    assert told(comparison)[-1] == "2 rows instead of 3 → 4 rows instead of 3"


def test_the_same_change_on_several_databases_is_told_once(compared: Any) -> None:
    """With the databases that have it, unless all have."""
    environments = {"before": (OLD, replace(SQLITE, django="4.2.30")), "after": (POSTGRESQL, SQLITE)}

    def side(name: str, *verdicts: str) -> list[Results]:
        return [
            results({COUNT: verdict, SQL: verdicts[0]}, environment=environment)
            for verdict, environment in zip(verdicts, environments[name], strict=True)
        ]

    comparison = compared(side("before", "fail", "fail"), side("after", "fail", "pass"))
    assert [(change.kind, change.pairs) for change in comparison.changes] == [("right", ("SQLite",))]
    assert told(comparison)[-1].endswith("fail → pass in result; still fail [SQLite]")
    comparison = compared(side("before", "fail", "fail"), side("after", "pass", "pass"))
    (change,) = comparison.changes
    assert (change.pairs, "[" in told(comparison)[-1]) == (("PostgreSQL", "SQLite"), False)


def test_environments_are_paired_by_what_they_share(compared: Any) -> None:
    """Kept in memory with kept in memory; labels say what tells the pairs of one database apart."""
    memory = replace(SQLITE, variant="memory")
    before = [results({COUNT: "pass"}, environment=replace(each, django="4.2.30")) for each in (SQLITE, memory)]
    after = [results({COUNT: "pass"}, environment=each) for each in (memory, SQLITE, POSTGRESQL)]
    comparison = compared(before, after)
    assert [(pair.label, pair.before.variant, pair.after.variant) for pair in comparison.pairs] == [
        ("SQLite, file", "file", "file"),
        ("SQLite, memory", "memory", "memory"),
    ]
    assert comparison.only_after == (POSTGRESQL,)
    assert told(comparison) == [f"Only the second side has {POSTGRESQL}."]


def test_two_folders_are_compared_series_by_series(compared: Any) -> None:
    """4.2 with 4.2 and 5.2 with 5.2, whatever their last numbers are."""

    def side(*versions: str) -> list[Results]:
        return [results({COUNT: "pass"}, environment=replace(SQLITE, django=version)) for version in versions]

    comparison = compared(side("4.2.1", "5.2.1"), side("5.2.2", "4.2.9"))
    assert [(pair.before.django, pair.after.django) for pair in comparison.pairs] == [
        ("4.2.1", "4.2.9"),
        ("5.2.1", "5.2.2"),
    ]


def test_what_weakens_a_comparison_is_said(compared: Any, tmp_path: Path) -> None:
    """Another catalogue, another seed, and results that are missing."""
    old = results({COUNT: "pass"}, environment=OLD, digest="x", seed=2, planned=(COUNT, SQL))
    remarks = compared([old], {COUNT: "pass", SQL: "pass"}).remarks
    assert [remark.partition(":")[0] for remark in remarks[:2]] == [
        "The two sides were measured with another catalogue",
        "The two sides were measured with another seed",
    ]
    assert remarks[2].endswith("is partial: 1 of 2 results are missing.")


def test_what_the_catalogue_does_not_have_is_compared_all_the_same(compared: Any) -> None:
    """An id of an older catalogue has no title, and is not lost."""
    gone = Cell("gone.away", "result")
    comparison = compared({gone: "pass", OBSERVED: "fail"}, {gone: "fail", OBSERVED: "fail"})
    assert told(comparison)[-1] == "`gone.away`: pass → fail"


def test_markdown_means_itself(compared: Any) -> None:
    """Headings and lists; what the catalogue says is escaped outside of code."""
    text = comparison_markdown(compared({NEW: "absent"}, {NEW: "pass"}))
    assert text.startswith("# Django 4.2.30 → 5.2.8, asgiref 3.8.1 → 3.10.0\n")
    assert "\n## Appeared (1)\n\n- **queryset**\n  - `queryset.anew` New in 6.0: absent → pass\n" in text


def test_the_document_has_everything(compared: Any) -> None:
    """Pairs with their environments, changes with their checks, counts."""
    document = json.loads(comparison_json(compared({COUNT: "fail"}, {COUNT: "pass"})))
    assert document["counts"] == {"right": 1}
    assert Environment.from_dict(document["pairs"][0]["before"]) == OLD
    (change,) = document["changes"]
    assert change["checks"] == [{"name": "result", "before": "fail", "after": "pass", "counts": True}]
