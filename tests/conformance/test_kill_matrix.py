"""What became of planted defects: kept as they come, counted, explained, published."""

from __future__ import annotations

import json

import pytest

from conformance.case import SuiteError
from conformance.results.kills import (
    LINES,
    SUMMARY,
    KillLines,
    KillMatrix,
    Planted,
    Tried,
    explained,
    read_kill_summary,
)

HEADER = {"seed": 0}


def tried(defect: str, judge: str = "result", **more) -> Tried:
    return Tried(Planted(defect.split("/")[0], defect, judge), **{"killed": True, **more})


def matrix(*all_of: Tried, **more) -> KillMatrix:
    return KillMatrix(facts={}, about={"task-left": "A task goes on."}, tried=all_of, without={}, **more)


def test_what_was_tried_is_known_to_the_next_run(tmp_path):
    """Every line is there as soon as it is added, with all that was found."""
    found = tried("queryset.acount/task-left", also=("state",), profile="smoke", examples=3, seconds=0.5)
    KillLines(tmp_path, HEADER).add(found)
    assert KillLines(tmp_path, HEADER).known == {found.planted: found}


@pytest.mark.parametrize(
    ("header", "more"),
    [({"seed": 1}, {}), (HEADER, {"killed": False, "broken": "no answer within 60 s"})],
    ids=["another run", "broken"],
)
def test_what_another_run_tried_or_could_not_try_is_tried_again(tmp_path, header, more):
    """A line of other defects, or of one that broke, says nothing of this run."""
    KillLines(tmp_path, HEADER).add(tried("queryset.acount/task-left", **more))
    assert KillLines(tmp_path, header).known == {}


def test_a_line_that_was_cut_is_left_out(tmp_path):
    """An interruption may end in the middle of a line."""
    lines = KillLines(tmp_path, HEADER)
    lines.add(tried("queryset.acount/task-left"))
    with (tmp_path / LINES).open("a") as file:
        file.write('{"type": "tried", "entry"')
    assert len(KillLines(tmp_path, HEADER).known) == 1
    assert (tmp_path / LINES).read_text().endswith("}\n")


def test_defects_are_counted_by_generator_and_judge():
    """How many were killed, of how many."""
    found = matrix(
        tried("a.b/task-left", "leftovers"),
        tried("a.c/task-left", "leftovers", killed=False),
        tried("a.b/query-extra/before", "statements"),
    )
    assert found.counts() == {"query-extra": {"statements": (1, 1)}, "task-left": {"leftovers": (1, 2)}}
    assert found.rate == pytest.approx(2 / 3)


def test_a_survivor_is_explained_by_the_first_pattern_that_fits():
    """`*` stands for any text; what was killed, or broke, needs no reason and gets none."""
    reasons = {"a.*/task-left": "first", "*": "second"}
    names = ("a.b/task-left", "c.d/task-left")
    survivors = explained([tried(name, killed=False) for name in names], reasons)
    assert [each.reason for each in survivors] == ["first", "second"]
    others = explained([tried("a.b/task-left"), tried("a.b/task-left", killed=False, broken="it died")], reasons)
    assert [each.reason for each in others] == ["", ""]


def test_the_summary_can_be_read_again(tmp_path):
    """It holds counts, and each survivor with its reason."""
    survivor = tried("a.b/task-left", "leftovers", killed=False, reason="no task is seen there")
    matrix(survivor, unproven=("a.b:state",)).write(tmp_path)
    found = read_kill_summary(tmp_path)
    assert found == json.loads((tmp_path / SUMMARY).read_text())
    assert found["generators"] == {"task-left": {"about": "A task goes on.", "judges": {"leftovers": [0, 1]}}}
    assert [each["reason"] for each in found["survivors"]] == ["no task is seen there"]
    assert found["unproven"] == ["a.b:state"]


def test_without_a_summary_there_is_none(tmp_path):
    """Nobody has run `selfcheck` there."""
    assert read_kill_summary(tmp_path) is None


@pytest.mark.parametrize("content", ["{", "{}", "[]"])
def test_what_is_no_summary_is_refused(tmp_path, content):
    """With the remedy."""
    (tmp_path / SUMMARY).write_text(content)
    with pytest.raises(SuiteError, match="is not what `selfcheck` writes") as caught:
        read_kill_summary(tmp_path)
    assert caught.value.remedy == "Delete it, and run `selfcheck` again."


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path):
    """As where a file has its name."""
    (tmp_path / "file").write_text("")
    with pytest.raises(SuiteError, match="cannot be written to"):
        KillLines(tmp_path / "file", HEADER)
