"""Generators of defects: each changes what it says, and what it does not change is as it was."""

from __future__ import annotations

import asyncio
import inspect
import types
from collections.abc import AsyncIterator
from typing import Any

import pytest

from conformance.catalogue import JUDGES, load_catalogue
from conformance.defects import descriptions, is_generated, survivor_reasons
from conformance.defects.calls import around, declared_like, passing, surrounded
from conformance.defects.facts import Anything, Facts
from conformance.defects.generated import Name, defects_at
from conformance.defects.generators import GENERATORS
from conformance.defects.kinds import altered, kind_of, retyped
from conformance.defects.owners import operation_of
from conformance.defects.places import Place

CATALOGUE = load_catalogue()


class Shop:
    """Something with operations."""

    def sell(self, number: int, *, name: str = "tea", quick: bool = False, **more: Any) -> tuple[Any, ...]:
        """Sell something."""
        return number, name, quick, more

    async def asell(self, number: int, *, name: str = "tea", quick: bool = False, **more: Any) -> tuple[Any, ...]:
        """Sell something."""
        return self.sell(number, name=name, quick=quick, **more)

    asell.alters_data = True

    @classmethod
    async def aopen(cls) -> str:
        return cls.__name__

    def __aiter__(self) -> AsyncIterator[int]:
        return self._items()

    async def _items(self) -> AsyncIterator[int]:
        for item in (1, 2, 3):
            yield item


@pytest.fixture
def shop() -> type[Shop]:
    """A class of its own, whose attributes may be replaced."""
    return type("Shop", (Shop,), dict(vars(Shop)))


def planted(shop: type[Shop], generator: str, variant: str, facts: Facts, place: Place | None = None) -> None:
    where = place or Place(shop, "asell", "sell")
    (defect,) = (each for each in GENERATORS[generator](where, facts) if each.variant == variant)
    defect.put_in(where)


async def items(iterable: Any) -> list[Any]:
    return [item async for item in iterable]


def test_every_generator_says_what_is_wrong():
    """A sentence each, which is published; there are more than a few."""
    assert all(text.endswith(".") and "\n" not in text for text in descriptions().values())
    assert len(descriptions()) >= 40


def test_what_generators_make_names_a_judge_that_exists():
    """Under facts that allow everything."""
    place = Place(Shop, "asell", "sell")
    made = [defect for make in GENERATORS.values() for defect in make(place, Anything())]
    judges = {judge for defect in made for judge in defect.judge.split("|")}
    assert judges <= JUDGES.keys()
    assert len(judges) >= 10


def test_no_two_defects_of_a_place_have_one_name():
    """Each is planted by its name alone."""
    facts = Facts(judges=set(JUDGES), declared=True, statements=3, writes=2, raises={"ValueError"}, returns={"int"})
    names = [str(name) for name, _ in defects_at("queryset.acount", Place(Shop, "asell", "sell"), facts)]
    assert len(names) == len(set(names)) > 20


def test_a_name_can_be_read_again():
    """`ENTRY/GENERATOR/VARIANT`; anything else is no name of a generated defect."""
    name = Name("queryset.acount", "query-extra", "before")
    assert Name.parse(str(name)) == name
    assert is_generated("queryset.acount/task-left")
    assert not is_generated("queryset.acount/wrong-result")


def test_facts_can_be_sent():
    """They go from one process to another as JSON."""
    facts = Facts(judges={"result"}, raises={"ValueError"}, statements=2, ordered=True)
    assert Facts.from_dict(facts.as_dict()) == facts


@pytest.mark.parametrize(
    ("generator", "variant", "expected"),
    [
        ("keyword-dropped", "name", (1, "tea", True, {"a": 1, "b": 2})),
        ("keyword-dropped", "quick", (1, "milk", False, {"a": 1, "b": 2})),
        ("last-argument-dropped", "named", (1, "milk", True, {"a": 1})),
        ("value-wrong", "tuple", (2, "milk", True, {"a": 1, "b": 2})),
        ("type-wrong", "tuple", [1, "milk", True, {"a": 1, "b": 2}]),
        ("nothing-given", "tuple", None),
    ],
)
def test_a_defect_changes_what_it_says(shop, generator, variant, expected):
    """And nothing else."""
    planted(shop, generator, variant, Facts(returns={"tuple"}, given=set(inspect.signature(shop.asell).parameters)))
    assert asyncio.run(shop().asell(1, name="milk", quick=True, a=1, b=2)) == expected


def test_a_default_is_changed_only_where_nothing_is_given(shop):
    """What is given arrives."""
    planted(shop, "default-changed", "quick", Facts(omitted={"quick"}))
    assert asyncio.run(shop().asell(1)) == (1, "tea", True, {})
    assert asyncio.run(shop().asell(1, quick=False)) == (1, "tea", False, {})


def test_a_call_that_cannot_be_bound_goes_through_as_it_is(shop):
    """The operation itself says what is wrong with it."""
    planted(shop, "keyword-dropped", "name", Facts(given={"name"}))
    with pytest.raises(TypeError, match="number"):
        asyncio.run(shop().asell(name="milk"))


@pytest.mark.parametrize(
    ("generator", "variant", "expected"),
    [
        ("row-lost", "first", [2, 3]),
        ("row-lost", "last", [1, 2]),
        ("row-doubled", "last", [1, 2, 3, 3]),
        ("rows-reordered", "swapped", [1, 3, 2]),
        ("rows-reordered", "rotated", [2, 3, 1]),
        ("rows-stale", "", [1, 1, 2]),
    ],
)
def test_rows_are_lost_doubled_and_reordered(shop, generator, variant, expected):
    """As the name says."""
    planted(shop, generator, variant, Facts(), Place(shop, "__aiter__", "__iter__"))
    assert asyncio.run(items(shop())) == expected


@pytest.mark.parametrize("generator", ["parameter-renamed", "parameter-default-changed", "parameter-missing"])
def test_a_declaration_is_changed_and_the_call_is_not(shop, generator):
    """It is the signature that is wrong."""
    before = inspect.signature(shop.asell)
    planted(shop, generator, "name", Facts(declared=True))
    assert inspect.signature(shop.asell) != before
    assert asyncio.run(shop().asell(1, name="milk")) == (1, "milk", False, {})


@pytest.mark.parametrize("put_in", [surrounded, passing], ids=["surrounded", "passing"])
def test_what_is_wrapped_without_a_change_is_declared_and_does_as_before(shop, put_in):
    """The control is put in like a defect."""

    class Nothing:
        async def __aenter__(self) -> None: ...

        async def __aexit__(self, *_: object) -> None: ...

    change = put_in(lambda _: Nothing()) if put_in is surrounded else put_in(lambda _: None, lambda _: None)
    before = inspect.signature(shop.asell)
    for name, twin in (("asell", "sell"), ("aopen", "open"), ("__aiter__", "__iter__")):
        change(Place(shop, name, twin))
    assert inspect.iscoroutinefunction(shop.asell)
    assert inspect.signature(shop.asell) == before
    assert shop.asell.alters_data
    assert asyncio.run(shop().asell(2)) == (2, "tea", False, {})
    assert asyncio.run(shop.aopen()) == "Shop"
    assert asyncio.run(items(shop())) == [1, 2, 3]


def test_a_function_of_a_module_has_no_target():
    """It is called with what it is given."""
    module = types.ModuleType("module")

    async def afunction(number: int) -> int:
        return number

    module.afunction = afunction

    async def more(call: Any) -> Any:
        return await call.result() + len(call.given) + (call.target is module)

    around(more)(Place(module, "afunction", "function"))
    assert asyncio.run(module.afunction(1)) == 3


def test_the_kind_of_a_function_is_kept():
    """An async generator stays one, and what gives something to await stays a function."""

    async def generator() -> AsyncIterator[int]:
        yield 1

    def function() -> Any: ...

    assert inspect.isasyncgenfunction(declared_like(generator, lambda args, kwargs: generator()))
    assert not inspect.iscoroutinefunction(declared_like(function, lambda args, kwargs: None))


@pytest.mark.parametrize("value", [None, True, 3, 1.5, "a", b"a", [], [1], (), (1, {}), {}, {"a": 1}, {1}])
def test_an_altered_value_is_another_one(value):
    """Of the same kind, but for None."""
    assert altered(value) != value
    assert kind_of(altered(value)) == ("int" if value is None else kind_of(value))


@pytest.mark.parametrize("value", [True, 3, 1.5, "a", [1], (1,), {"a": 1}])
def test_a_retyped_value_is_equal_and_of_another_type(value):
    """But that a list and a tuple are never equal."""
    found = retyped(value)
    assert type(found) is not type(value)
    assert list(found) == list(value) if isinstance(value, (list, tuple)) else found == value


@pytest.mark.parametrize(
    ("entry", "expected"),
    [("queryset.aiter", "__iter__"), ("queryset.aget", "get"), ("related.lazy_access", "")],
)
def test_an_entry_s_operation_is_told_by_its_data_or_its_id(entry, expected):
    """The synchronous name; none for what is about no single operation."""
    assert operation_of(CATALOGUE.entry(entry)) == expected


def test_every_reason_for_a_survivor_is_a_sentence():
    """They are published."""
    assert all(reason[0].isupper() and reason.endswith(".") for reason in survivor_reasons().values())
