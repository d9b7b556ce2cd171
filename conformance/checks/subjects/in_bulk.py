"""`in_bulk` of more keys than a statement takes, and of values instead of instances."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides, in_turn
from conformance.checks.outcomes import Absent
from conformance.checks.registry import register_experiment
from conformance.checks.seed import key
from conformance.checks.stage import Stage
from conformance.checks.twins import mapped, operation
from conformance.strategies import Rows, rows
from conformance.strategies.code import Call, Chain, Name, Step, resolve, source
from conformance.strategies.rows import LAST_KEY

# The parameters of a statement on SQLite, as Django counts them: keys before it, on it and behind it.
_LIMIT = 999


@dataclass(frozen=True)
class Keys:
    """Rows, how many keys are asked for, and the place of each row's own among them."""

    rows: Rows
    length: int
    places: tuple[int, ...]

    def all(self) -> list[int]:
        """Those of the rows, among others that no row has."""
        keys = [LAST_KEY + 1 + number for number in range(self.length)]
        for number, place in enumerate(self.places[: len(self.rows.posts)]):
            keys[place] = key(number)
        return keys


def _drawn(drawn: Rows, length: int) -> Keys:
    places = (length - 1, 0, _LIMIT - 1, _LIMIT, 1, 2)
    return Keys(drawn, length, tuple(dict.fromkeys(place for place in places if place < length)))


def _many(stage: Stage, example: Keys) -> Sides:
    from sample_app.models import Post

    sides = operation(stage, Post.objects.all(), "in_bulk", example.all())
    found = {key(number): post.title for number, post in enumerate(example.rows.posts)}
    sides = mapped(sides, lambda given: (type(given).__name__, {pk: post.title for pk, post in given.items()}))
    return replace(sides, model=(("dict", found),))


def _many_source(example: Keys) -> tuple[str, str]:
    places = ", ".join(map(str, sorted(example.places[: len(example.rows.posts)])))
    keys = f"# {example.length} keys, of which those at {places} have a row"
    return f"{keys}\nPost.objects.in_bulk(keys)", f"{keys}\nawait Post.objects.ain_bulk(keys)"


register_experiment(
    "queryset.ain_bulk.many",
    st.builds(_drawn, rows(min_posts=1), st.sampled_from([_LIMIT, _LIMIT + 1, _LIMIT + 2, 2 * _LIMIT + 1])),
    _many,
    _many_source,
)


@dataclass(frozen=True)
class Shape:
    """The calls that come before, what each row is then by its key and its title, and the field that gives the key."""

    steps: tuple[Step, ...]
    row: Callable[[int, str], Any]
    field_name: str = "pk"


_LENGTH = Call("Length", ("title",))
_COUNTED = Step("annotate", kwargs=(("n", _LENGTH),))


def _values(*names: Any, **more: Any) -> Step:
    return Step("values", names, tuple(more.items()))


def _listed(*names: Any, **more: Any) -> Step:
    return Step("values_list", names, tuple(more.items()))


_SHAPES = (
    Shape((_COUNTED,), lambda _, title: ["a post", title, len(title)]),
    Shape((_values("title"),), lambda _, title: {"title": title}),
    Shape((_values("title", n=_LENGTH),), lambda _, title: {"title": title, "n": len(title)}),
    Shape((_COUNTED, _values("n", "title")), lambda _, title: {"title": title, "n": len(title)}),
    Shape((_COUNTED, _values("title")), lambda _, title: {"title": title}),
    Shape((_values("id", "title"),), lambda pk, title: {"id": pk, "title": title}, "id"),
    Shape((_values("id", n=_LENGTH),), lambda pk, title: {"id": pk, "n": len(title)}, "id"),
    Shape((_listed("title"),), lambda _, title: (title,)),
    Shape((_COUNTED, _listed("n", "title")), lambda _, title: (len(title), title)),
    Shape((_COUNTED, _listed("title", "n")), lambda _, title: (title, len(title))),
    Shape((_listed("title", _LENGTH),), lambda _, title: (title, len(title))),
    Shape((_COUNTED, _listed("n", "id")), lambda pk, title: (len(title), pk), "id"),
    Shape((_listed("title", flat=True),), lambda _, title: title),
    Shape((_COUNTED, _listed("n", flat=True)), lambda _, title: len(title)),
    Shape((_listed("id", flat=True),), lambda pk, _: pk, "id"),
)


@dataclass(frozen=True)
class Shaped:
    """Rows, what they are given as, and whether all of them are asked for, or the first."""

    rows: Rows
    shape: Shape
    all: bool

    @property
    def queryset(self) -> Chain:
        """What the method is called on."""
        return Chain(Name("Post.objects"), self.shape.steps)

    def arguments(self) -> tuple[Any, ...]:
        """Of the method, those by position."""
        return () if self.all else ([key(0)],)


def _plain(given: Any) -> Any:
    from sample_app.models import Post

    rows = {pk: ["a post", row.title, vars(row)["n"]] if isinstance(row, Post) else row for pk, row in given.items()}
    return type(given).__name__, rows


def _shaped(stage: Stage, example: Shaped) -> Sides:
    """Raises `Absent` before Django 6.1, which gives instances alone."""
    import django

    if django.VERSION < (6, 1):
        raise Absent("in_bulk gives instances alone")
    shape, queryset = example.shape, resolve(example.queryset)
    sides = operation(stage, queryset, "in_bulk", *example.arguments(), field_name=shape.field_name)
    posts = list(enumerate(example.rows.posts))[: None if example.all else 1]
    found = {key(at): shape.row(key(at), post.title) for at, post in posts}
    return replace(mapped(sides, _plain), model=(("dict", found),))


def _shaped_source(example: Shaped) -> tuple[str, str]:
    given = ", ".join([*map(repr, example.arguments()), f"field_name={example.shape.field_name!r}"])
    queryset = source(example.queryset)
    return f"{queryset}.in_bulk({given})", f"await {queryset}.ain_bulk({given})"


register_experiment(
    "queryset.ain_bulk.values",
    st.builds(Shaped, rows(min_posts=1), st.just(_SHAPES[0]), st.booleans()),
    _shaped,
    _shaped_source,
    vary=lambda example, turn: replace(example, shape=in_turn(_SHAPES, turn)),
)
