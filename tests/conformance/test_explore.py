"""How often examples are shown: as many as were asked for, and where one fails at most as many again."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from conformance.worker.explore import explore

NUMBERS = st.lists(st.integers(0, 1000), min_size=1, max_size=30)


class Wrong(Exception):
    """What is looked for."""


@pytest.mark.parametrize("number", [5, 40])
def test_all_examples_are_shown_where_none_fails(number: int) -> None:
    """Each once."""
    seen: list[list[int]] = []
    explore(NUMBERS, seen.append, number, 0, shrink=True)
    assert len(seen) == number


@pytest.mark.parametrize("kinds", [False, True])
@pytest.mark.parametrize("number", [5, 40])
def test_a_smaller_one_is_looked_for_as_often_as_there_are_examples(number: int, kinds: bool) -> None:
    """It would go on for hundreds."""
    seen: list[list[int]] = []

    def look(example: list[int]) -> None:
        seen.append(example)
        if sum(example) > 100:
            raise Wrong(example)

    with pytest.raises(Wrong) as raised:
        explore(NUMBERS, look, number, 0, shrink=True, kinds=kinds)
    first = next(index for index, example in enumerate(seen) if sum(example) > 100)
    assert len(seen) <= (2 * number if kinds else first + 1 + number)
    assert sum(raised.value.args[0]) > 100


def test_what_was_raised_last_is_smaller_than_what_was_raised_first() -> None:
    """With enough examples it is about as small as can be."""
    seen: list[list[int]] = []

    def look(example: list[int]) -> None:
        if sum(example) > 100:
            seen.append(example)
            raise Wrong

    with pytest.raises(Wrong):
        explore(NUMBERS, look, 200, 0, shrink=True, kinds=False)
    assert seen[-1] == [101]
    assert sum(seen[0]) > 101


def test_values_of_a_field_come_as_often_as_chance_has_it() -> None:
    """Of fifty examples of one run of Hypothesis most are copies of parts of a few."""
    seen: list[tuple[int, ...]] = []
    fields = st.tuples(*(st.sampled_from(range(14)) for _ in range(5)))
    explore(fields, seen.append, 50, 0, shrink=False)
    assert len(seen) == len(set(seen)) == 50
    assert [field for field in zip(*seen, strict=True) if len(set(field)) < 11] == []


@pytest.mark.parametrize("possible", [1, 8, 20])
def test_where_there_are_fewer_each_is_shown_once(possible: int) -> None:
    """Then it ends."""
    seen: list[int] = []
    explore(st.sampled_from(range(possible)), seen.append, 50, 0, shrink=False)
    assert sorted(seen) == list(range(possible))


def test_what_ends_the_process_goes_through() -> None:
    """Hypothesis shows it a second time first."""

    def leave(_: int) -> None:
        raise SystemExit(7)

    with pytest.raises(SystemExit):
        explore(st.integers(), leave, 50, 0, shrink=False)


def test_one_seed_gives_the_same_examples() -> None:
    """Another gives others."""
    shown: list[list[list[int]]] = [[], [], []]
    for into, seed in zip(shown, (1, 1, 2), strict=True):
        explore(NUMBERS, into.append, 10, seed, shrink=False)
    assert shown[0] == shown[1] != shown[2]
