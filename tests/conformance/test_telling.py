"""What was seen is told in the reader's terms: as Python, and as a difference."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import pytest

from conformance.case import Failure, Table
from conformance.observations import Raised, SignalSent
from conformance.telling import aligned, assignments, code_of, difference, failure_lines, halves
from conformance.worker.telling import broken_suite

POST = {"model": "sample_app.Post", "id": 1, "title": "a", "adding": False, "using": "default"}
COLUMNS = {"post": ("id", "title", "views")}


@dataclass(frozen=True)
class Plan:
    """A class of the suite's own."""

    rows: tuple[int, ...]
    titles: tuple[str, ...]
    plan: object = None


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (POST, "Post(id=1, title='a')"),
        ({**POST, "adding": True, "using": "other"}, "Post(id=1, title='a') <not saved,on 'other'>"),
        ([POST, 2], "[Post(id=1, title='a'), 2]"),
        ((1,), "(1,)"),
        ({"b", "a"}, "{'a', 'b'}"),
        ({"raises": "DoesNotExist"}, "raises DoesNotExist"),
        ({"a": (datetime.date(2000, 1, 1),)}, "{'a': (datetime.date(2000, 1, 1),)}"),
        (
            SignalSent("post_save", "sample_app.Post", (("created", True),)),
            "post_save from sample_app.Post(created=True)",
        ),
        (Raised("django.core.exceptions.FieldError", "no such field"), "FieldError: no such field"),
        (Plan((), ("a",)), "(rows=(), titles=('a',), plan=None)"),
        (int, "int"),
    ],
)
def test_a_value_is_told_as_python(value, told):
    """No class of the suite's own has its name there."""
    assert code_of(value) == told


def test_an_example_is_told_as_assignments():
    """What stands elsewhere, or says nothing, is left out."""
    assert assignments(Plan((1,), ("a", "b"))) == "titles = ('a', 'b')"
    assert assignments(3) == "example = 3"


@pytest.mark.parametrize(
    ("expected", "observed", "told"),
    [
        (1, 2, "- 1\n+ 2"),
        (1, True, "- 1\n+ True"),
        ("a docstring", "none", "- a docstring\n+ none"),
        ("no more than 1", 2, "- no more than 1\n+ 2"),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4}, "- ['b'] = 2\n+ ['b'] = 3\n+ ['c'] = 4"),
        (([POST],), ([{**POST, "title": "b"}],), "- [0][0].title = 'a'\n+ [0][0].title = 'b'"),
        (
            [1, 2, 3, 4, 5, 6],
            [1, 2, 3, 4, 6],
            "  6 items expected, 5 observed\n  … 4 equal\n- 5\n  6",
        ),
    ],
)
def test_a_difference_is_what_differs(expected, observed, told):
    """What is equal is left out, or counted."""
    assert difference(expected, observed) == told


def test_tables_differ_row_by_row():
    """A row that both sides have differs by its columns; one that only one side has is told with the columns' names."""
    expected = {"tag": [(1, "x")], "post": [(1, "a", 0), (2, "b", 0), ("<new>", "c", 0)]}
    observed = {"tag": [(1, "x")], "post": [(1, "a", 0), (2, "b", 5), (3, "d", 0)]}
    assert difference(expected, observed, COLUMNS).splitlines() == [
        "  post: 3 rows expected, 3 observed",
        "- id=2, views=0",
        "+ id=2, views=5",
        "- id='<new>', title='c', views=0",
        "+ id=3, title='d', views=0",
    ]


def test_a_whole_database_is_never_told():
    """Of hundreds of rows that differ a few are told, and the rest is counted; a long line is cut."""
    told = difference({"post": [(n, "a" * 999, 0) for n in range(100)]}, {"post": []}, COLUMNS).splitlines()
    assert len(told) == 41
    assert told[-1] == "  … and 61 more lines"
    assert max(map(len, told)) <= 240


def test_the_halves_of_a_difference():
    """What was expected, and what was observed, without the signs."""
    assert halves("  where\n- 1\n+ 2\n- 3") == ("1\n3", "2")


def test_statements_are_aligned():
    """The same stand beside each other; one that only one side sent stands beside nothing."""
    assert list(aligned(["BEGIN", "A", "COMMIT"], ["A", "COMMIT"])) == [("BEGIN", ""), ("A", "A"), ("COMMIT", "COMMIT")]
    assert list(aligned(["A"], ["B", "C"])) == [("A", "B"), ("", "C")]


def test_a_failure_is_told_as_code_rows_and_difference():
    """It can be pasted up to the rows, which stand in columns; then what was expected and what was observed."""
    rows = (Table("Post", ("id", "title"), (("1", "'a'"), ("10", "''"))),)
    failure = Failure("wrong", example="await f()", rows=rows, difference="- 1\n+ 2", script="print()")
    assert list(failure_lines(failure, "a.b:result")) == [
        "await f()",
        "",
        "Post",
        "  id  title",
        "  1   'a'",
        "  10  ''",
        "",
        "- 1",
        "+ 2",
        "",
        "`async-orm-conformance repro a.b:result` prints a program that shows it with Django alone.",
    ]


def test_an_example_is_not_told_twice():
    """Of another check of the same example only the difference is told; another example is told whole."""
    first = Failure("wrong", example="await f()", difference="- 1\n+ 2")
    assert list(failure_lines(Failure("late", example="await f()", difference="- 3"), before=first)) == [
        "the same example",
        "",
        "- 3",
    ]
    assert next(failure_lines(Failure("late", example="await g()", difference="- 3"), before=first)) == "await g()"


def test_a_failure_of_an_earlier_version_is_told_in_short():
    """It has both sides whole: of each the beginning is told."""
    assert list(failure_lines(Failure("wrong", expected="x" * 500, observed="y"))) == ["", f"- {'x' * 100}", "+ y"]


def test_a_suite_that_fails_inside_of_hypothesis_is_told_by_what_it_raised() -> None:
    """Not by the group of exceptions around it, which prints the whole example."""

    class Group(Exception):
        exceptions = (ValueError("too many values"),)

    assert broken_suite(Group("produces unreliable results")).message == (
        "The suite itself failed: ValueError('too many values')"
    )
    assert broken_suite(KeyError("a")).message == "The suite itself failed: KeyError('a')"
