"""What is said of well-formed querysets that the reference model does not know."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.checks.reference import AN_ANSWER, consistent
from conformance.strategies.code import Arguments, Call

COUNTED = Arguments(kwargs=(("n", Call("Count", ("extra",))), ("rows", Call("Count", ("*",)))))


class Row:
    """A row with an annotation."""

    def __init__(self, extra: Any) -> None:
        self.extra = extra

    def __repr__(self) -> str:
        return f"Row({self.extra})"


class Rows:
    """A queryset: what it gives, or raises."""

    ordered = True

    def __init__(self, *rows: Any, error: Exception | None = None) -> None:
        self._rows, self._error = rows, error

    def all(self) -> list[Any]:
        """Every row."""
        if self._error:
            raise self._error
        return list(self._rows)


@pytest.mark.parametrize("value", [None, 0, [], {}, {"raises": "A", "more": 1}, "text"])
def test_an_answer_is_whatever_was_given(value: object) -> None:
    """Any value is one."""
    assert value == AN_ANSWER


def test_an_exception_is_no_answer() -> None:
    """It is told in words that a reader understands."""
    assert AN_ANSWER != {"raises": "OperationalError"}
    assert repr(AN_ANSWER) == "an answer, since the query is well formed"


@pytest.mark.parametrize(
    ("call", "arguments", "value"),
    [
        ("count", Arguments(), 2),
        ("exists", Arguments(), True),
        ("aggregate", COUNTED, {"n": 1, "rows": 2}),
        ("aggregate", Arguments(kwargs=(("top", Call("Max", ("extra",))),)), AN_ANSWER),
        ("update", Arguments(), AN_ANSWER),
    ],
)
def test_answers_agree_with_the_rows(call: str, arguments: Arguments, value: Any) -> None:
    """What the rows decide is said; of the rest, that there is an answer."""
    found = consistent(Rows(Row(1), Row(None)), call, arguments)
    assert found is not None
    assert found.value is value if value is AN_ANSWER else found.value == value


def test_a_queryset_that_raises_must_answer_all_the_same() -> None:
    """It is well formed, so the exception is the fault."""
    found = consistent(Rows(error=AttributeError("within Django")), "count", Arguments())
    assert found is not None
    assert found.value is AN_ANSWER


def test_what_a_database_cannot_do_is_no_fault() -> None:
    """Django says so by an exception of its own."""
    from django.db import NotSupportedError

    assert consistent(Rows(error=NotSupportedError("not here")), "count", Arguments()) is None
