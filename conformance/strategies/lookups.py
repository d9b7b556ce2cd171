"""Conditions: each lookup of each kind of field, with values that rows may have, and trees of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from hypothesis import strategies as st

from conformance.strategies import values
from conformance.strategies.choosing import mostly
from conformance.strategies.code import Call, Chain, Infix, Inverted, Name, Step
from conformance.strategies.rows import FIRST_KEY
from conformance.strategies.values import MOMENTS

Condition = tuple[str, Any]
_TEXT_LOOKUPS = ("exact", "iexact", "contains", "icontains", "startswith", "istartswith", "endswith", "iendswith", "gt")
_KEYS = (FIRST_KEY, FIRST_KEY + 1, FIRST_KEY + 3)


def _number(name: str, *numbers: Any) -> Iterator[Condition]:
    for number in numbers:
        yield name, number
        yield from ((f"{name}__{lookup}", number) for lookup in ("gt", "gte", "lt", "lte"))
    yield f"{name}__in", list(numbers)
    yield f"{name}__in", []
    yield f"{name}__range", (numbers[0], numbers[-1])


def _text(name: str) -> Iterator[Condition]:
    yield name, "a"
    yield from ((f"{name}__{lookup}", text) for text in ("a", "A", "é") for lookup in _TEXT_LOOKUPS)
    yield from ((f"{name}__contains", text) for text in ("", "%", "'"))
    yield f"{name}__in", ["a", "b", ""]
    yield f"{name}__regex", "^[ab]"
    yield f"{name}__iregex", "^[ab]"


def _moment(name: str) -> Iterator[Condition]:
    for moment in (MOMENTS[1], MOMENTS[-1]):
        yield name, moment
        yield from ((f"{name}__{lookup}", moment) for lookup in ("gt", "lte"))
    yield f"{name}__range", (MOMENTS[0], MOMENTS[8])
    parts = {
        "year": 2000,
        "year__gt": 2000,
        "month": 3,
        "day": 1,
        "week_day": 4,
        "hour": 23,
        "hour__lt": 3,
        "quarter": 4,
    }
    yield from ((f"{name}__{part}", number) for part, number in parts.items())
    yield f"{name}__date", date(2000, 1, 1)
    yield f"{name}__date__gt", date(2000, 3, 1)


def _nullable(name: str) -> Iterator[Condition]:
    yield f"{name}__isnull", True
    yield f"{name}__isnull", False


def _related_to_posts() -> Iterator[Condition]:
    yield from _nullable("author")
    yield from (("author", FIRST_KEY), ("author_id", FIRST_KEY + 1), ("author__in", [FIRST_KEY, FIRST_KEY + 1]))
    yield from (("author__username", "ada"), ("author__username__startswith", "g"), ("author__is_active", True))
    yield from (("author__profile__display_name", "Ada"), ("author__profile__isnull", True))
    yield from (("tags", FIRST_KEY), ("tags__in", list(_KEYS)), ("tags__name", "async"), ("tags__isnull", True))
    yield from (("comments__isnull", True), ("comments__isnull", False), ("comments__content__contains", "a"))
    yield from (("comments__author__isnull", True), ("comments__post__views__gte", 0))
    yield from (("reactions__emoji", "+"), ("reactions__count__gte", 2), ("review__rating", 0))


OWN_CONDITIONS: tuple[Condition, ...] = (
    ("published", True),
    ("published", False),
    *_number("views", 0, -3, 2, 2**31 - 1),
    *_text("title"),
    ("content__icontains", "A"),
    ("content", ""),
    *_moment("created_at"),
    *_number("pk", *_KEYS),
    ("views__lt", Infix(Call("F", ("author_id",)), "-", Call("F", ("pk",)))),
    ("content", Call("F", ("title",))),
    ("published__in", [True]),
)
RELATED_CONDITIONS: tuple[Condition, ...] = tuple(_related_to_posts())
# Half of what is drawn is about the table itself, however many there are of each.
POST_CONDITIONS = st.sampled_from(OWN_CONDITIONS) | st.sampled_from(RELATED_CONDITIONS)
COMMENT_CONDITIONS = st.sampled_from(
    (
        *_text("content"),
        *_moment("created_at"),
        *_nullable("author"),
        ("author__username", "ada"),
        ("post", FIRST_KEY),
        ("post__published", True),
        ("post__title__contains", "a"),
        ("post__author__isnull", False),
        ("post__tags__name", "orm"),
    )
)


def _specimens() -> Iterator[Condition]:
    yield from _number("decimal", *values.DECIMALS[1:])
    yield from _number("big", *values.BIGS)
    yield from _number("small", *values.SMALLS)
    yield from _number("real", *values.REALS[1:])
    yield from _number("day", *values.DAYS[1:])
    yield from _number("time", *values.TIMES[1:])
    yield from _number("duration", *values.DURATIONS[1:])
    yield from _moment("moment")
    yield from (("flag", True), ("flag", None), ("flag__isnull", True), ("text__contains", "é"), ("text", "🎉"))
    yield from (("uuid", each) for each in values.UUIDS)
    yield from (("uuid__in", list(values.UUIDS[:2])), ("binary", b""), ("binary", b"\x00\xff"))
    for name in ("decimal", "json", "moment", "day", "time", "duration", "binary", "real"):
        yield from _nullable(name)


def _documents() -> Iterator[Condition]:
    """Of JSON: the whole of it, SQL's NULL and JSON's own, and what is inside by keys."""
    null = Call("Value", (None, Call("JSONField")))
    wholes: tuple[Any, ...] = ({"a": 1}, {"a": None, "b": 1}, [], "text", 0, None, null)
    yield from (("json", each) for each in wholes)
    yield from (("json__isnull", True), ("json__in", [{"a": 1}, [1, 2.5]]))
    for path in ("a", "b", "a__b", "a__b__0"):
        yield from _nullable(f"json__{path}")
    inside: dict[str, tuple[Any, ...]] = {
        "a": (1, None, {"b": [None, True, "é"]}),
        "a__b": ([],),
        "a__b__0": (None,),
        "a__b__1": (True,),
    }
    yield from ((f"json__{path}", each) for path, values in inside.items() for each in values)
    yield from (("json__a__in", [1, 2]), ("json__a__b__1__in", [True]), ("json__a__b__2__in", ["é", "x"]))
    yield from (("json__b__gte", 1), ("json__a__b__2__startswith", "é"))
    yield from (("json__has_key", "a"), ("json__has_keys", ["a", "b"]), ("json__has_any_keys", ["b", "c"]))
    yield from (("json__a__has_key", "b"), ("json__has_any_keys", ["a", "b"]))


# By whom they are answered in the same way: by all databases; by position, of what may be no list; not by SQLite.
DOCUMENT_CONDITIONS: dict[str, tuple[Condition, ...]] = {
    "keys": tuple(_documents()),
    "positions": (("json__0", 1), *_nullable("json__0"), ("json__1__gte", 2.5)),
    "contained": (
        *(("json__contains", each) for each in ({"a": 1}, {"a": {"b": [True]}})),
        ("json__contained_by", {"a": 1, "b": 1}),
    ),
}
# JSON has lookups of its own: of three conditions one is about it.
_FIELDS = st.sampled_from(tuple(_specimens()))
_INSIDE = st.sampled_from([each for group in DOCUMENT_CONDITIONS.values() for each in group])
SPECIMEN_CONDITIONS = mostly(_FIELDS, _INSIDE, 2)


def _q(condition: Condition) -> Call:
    return Call("Q", kwargs=(condition,))


def _filter(*conditions: Condition) -> tuple[Step, ...]:
    return (Step("filter", kwargs=tuple(dict(conditions).items())),)


# How many forms there are of steps by three conditions.
_TREES = 15


def _tree(one: Condition, two: Condition, three: Condition, form: int) -> tuple[Step, ...]:
    """Steps that narrow a queryset, in one of the forms of the documentation; the first is none."""
    first, second, third = map(_q, (one, two, three))
    forms: Sequence[Any] = (
        (),
        _filter(one),
        _filter(one),
        _filter(one, two),
        (*_filter(one), *_filter(two)),
        (Step("exclude", kwargs=(one,)),),
        (Step("exclude", kwargs=tuple(dict((one, two)).items())),),
        (*_filter(one), Step("exclude", kwargs=(two,))),
        (Step("filter", (Infix(first, "|", second),)),),
        (Step("filter", (Infix(first, "&", Inverted(second)),)),),
        (Step("filter", (Inverted(Infix(first, "|", second)),)),),
        (Step("filter", (Infix(first, "|", Infix(second, "&", Inverted(third))),)),),
        (Step("filter", (Infix(first, "|", second),), (three,)),),
        (Step("exclude", (Infix(first, "&", second),)),),
        (Step("filter", (Infix(first, "^", second),)),),
    )
    return tuple(forms[form])


def _operated(one: Condition, two: Condition, form: int, model: str) -> tuple[Step, ...]:
    """A queryset and another with an operator between them."""

    def other(method: str) -> Chain:
        return Chain(Name(f"{model}.objects"), (Step(method, kwargs=(two,)),))

    forms = (
        (*_filter(one), Step("__or__", (other("filter"),))),
        (*_filter(one), Step("__and__", (other("filter"),))),
        (*_filter(one), Step("__xor__", (other("filter"),))),
        (Step("exclude", kwargs=(one,)), Step("__or__", (other("exclude"),))),
    )
    return forms[form]


def narrowings(conditions: st.SearchStrategy[Condition], model: str = "") -> st.SearchStrategy[tuple[Step, ...]]:
    """Steps of filter and exclude, by at most three conditions; of a model also two querysets with an operator."""
    if not model:
        return st.builds(_tree, conditions, conditions, conditions, st.integers(0, _TREES - 1))

    def drawn(one: Condition, two: Condition, three: Condition, form: int) -> tuple[Step, ...]:
        return _tree(one, two, three, form) if form < _TREES else _operated(one, two, form - _TREES, model)

    return st.builds(drawn, conditions, conditions, conditions, st.integers(0, _TREES + 3))


def instance(model: str, position: int) -> Chain:
    """A seeded row as an instance, fetched."""
    return Chain(Name(f"{model}.objects"), (Step("get", kwargs=(("pk", FIRST_KEY + position),)),))
