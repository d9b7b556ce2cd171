"""What is merged stands in the order in which one machine would have written it."""

from __future__ import annotations

from conformance.case import Cell
from conformance.results import in_order, merge_results
from tests.conformance.synthetic import ATOMIC, COUNT, SQL, results

# As a catalogue has them, which is not by name.
ORDER = (SQL, ATOMIC, COUNT)


def test_the_order_is_that_of_the_catalogue() -> None:
    """Plan and cells, however they were merged; what the catalogue does not have comes last."""
    other = Cell("a.stranger", "result")
    (merged,) = merge_results([results({COUNT: "pass", other: "pass"}), results({ATOMIC: "pass", SQL: "fail"})])
    told = in_order(merged, ORDER)
    assert told.planned == (*ORDER, other)
    assert tuple(measured.cell for measured in told.cells) == (*ORDER, other)


def test_attempts_of_one_machine_keep_their_order() -> None:
    """They are what happened there, one after the other; of several machines nobody knows which was first."""
    alone, beside = results({COUNT: ["silent", "pass", "fail"]}), results({SQL: "pass"})
    for parts in ([alone, beside], [beside, alone]):
        (merged,) = merge_results(parts)
        attempts = [(each.verdict, each.attempt) for each in merged.attempts(COUNT)]
        assert attempts == [("silent", 1), ("pass", 2), ("fail", 3)]
    both = [results({COUNT: "silent"}), results({COUNT: "pass"})]
    assert merge_results(both)[0].cells == merge_results(both[::-1])[0].cells
