"""Merging: the order of the parts, and how they were merged before, never change a verdict."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.case import Cell, ExitCode, SuiteError, Verdict
from conformance.results import Results, merge_results, read_results, write_results
from tests.conformance.synthetic import ATOMIC, COUNT, POSTGRESQL, SQL, SQLITE, results

CELLS = (COUNT, SQL, ATOMIC)
verdicts = st.sampled_from(["pass", "fail", "silent", "loud", "timeout", "flaky 1/2"])


@st.composite
def parts(draw: st.DrawFn) -> Results:
    planned = draw(st.lists(st.sampled_from(CELLS), unique=True, min_size=1))
    arrived: dict[Cell, str | list[str]] = {}
    arrived |= draw(st.dictionaries(st.sampled_from(planned), st.lists(verdicts, min_size=1, max_size=2)))
    environment = draw(st.sampled_from([POSTGRESQL, SQLITE]))
    return results(arrived, environment=environment, planned=tuple(planned))


def said(merged: list[Results]) -> list[object]:
    """All that results say, but not where they came from and in which order they were planned."""
    return [
        (item.environment, frozenset(item.planned), [(cell, item.verdict(cell)) for cell in CELLS]) for item in merged
    ]


@given(st.permutations(range(3)), st.tuples(parts(), parts(), parts()))
def test_order_changes_nothing(order: list[int], several: tuple[Results, ...]) -> None:
    """Merging is commutative."""
    assert said(merge_results([several[index] for index in order])) == said(merge_results(several))


@given(parts(), parts(), parts())
def test_grouping_changes_nothing(first: Results, second: Results, third: Results) -> None:
    """Merging is associative, also through files."""
    at_once = merge_results([first, second, third])
    with tempfile.TemporaryDirectory() as folder:
        between = [
            read_results(_written(item, Path(folder) / f"{number}.jsonl"))
            for number, item in enumerate(merge_results([first, second]))
        ]
    left = merge_results([*between, third])
    right = merge_results([first, *merge_results([second, third])])
    assert said(left) == said(right) == said(at_once)


def _written(item: Results, path: Path) -> Path:
    write_results(item, path)
    return path


@given(st.lists(parts(), min_size=1, max_size=4))
def test_what_was_planned_and_not_measured_stays_unknown(several: list[Results]) -> None:
    """The plan is the union of the plans: a cell that arrived nowhere is unknown, and the result partial."""
    for merged in merge_results(several):
        mine = [item for item in several if item.environment == merged.environment]
        planned = {cell for item in mine for cell in item.planned}
        arrived = {measured.cell for item in mine for measured in item.cells}
        assert set(merged.missing) == planned - arrived
        assert all(merged.verdict(cell) == Verdict("unknown") for cell in planned - arrived)
        assert not (merged.missing and merged.complete)


def test_the_same_cell_twice_is_two_attempts() -> None:
    """Attempts that differ are a flake with its count, and an attempt that was flaky itself keeps its count."""
    (merged,) = merge_results([results({COUNT: "pass"}), results({COUNT: ["fail", "flaky 1/3"]})])
    assert [item.attempt for item in merged.attempts(COUNT)] == [1, 2, 3]
    assert str(merged.verdict(COUNT)) == "flaky 2/5"


def test_parts_that_miss_each_others_cells_are_whole_together() -> None:
    """Two machines that share one plan are complete when both have answered."""
    half = [results({cell: "pass"}, planned=(COUNT, SQL)) for cell in (COUNT, SQL)]
    assert [part.complete for part in half] == [False, False]
    assert merge_results(half)[0].complete


def test_nothing_merges_to_nothing() -> None:
    """No parts, no results, no error."""
    assert merge_results([]) == []


@pytest.mark.parametrize(("name", "value"), [("catalogue", "i"), ("seed", 2), ("profile", "full"), ("suite", "0.2")])
def test_parts_that_cannot_be_compared_are_refused(name: str, value: object) -> None:
    """The message has both sources and both values, and the code is 65."""
    one = results({COUNT: "pass"})
    other = replace(one, source="other.jsonl", **{name: value})  # type: ignore[arg-type]
    with pytest.raises(SuiteError) as caught:
        merge_results([one, other])
    assert caught.value.code is ExitCode.BAD_INPUT
    assert caught.value.message == (
        f"other.jsonl and part.jsonl cannot be merged: their {name} differs ({value} and {getattr(one, name)})."
    )
