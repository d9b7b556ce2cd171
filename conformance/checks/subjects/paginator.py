"""Paginators over lists and querysets, and their pages."""

from __future__ import annotations

import warnings
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.instruments import declare
from conformance.checks.outcomes import Absent
from conformance.checks.registry import register_experiment
from conformance.checks.seed import key
from conformance.checks.stage import Stage
from conformance.strategies import NUMBERED_POSTS, Rows

MOST_ITEMS = len(NUMBERED_POSTS.posts)
_NUMBERS = (1, 2, 3, 4, 7, 0, -1, 99, "2", "x", "", None, 1.0, 2.5)
_MESSAGES = {"invalid_page": "not a number", "min_page": "too small", "no_results": "nothing there"}


@dataclass(frozen=True)
class Paging:
    """What is paginated (`kind` and `size`), the paginator's arguments, and a page's number."""

    kind: str
    size: int
    per_page: int
    orphans: int
    allow_empty: bool
    own_messages: bool
    number: Any
    around: tuple[int, int] = (3, 2)
    rows: Rows = NUMBERED_POSTS

    def arguments(self) -> dict[str, Any]:
        """Of both paginators."""
        messages = {"error_messages": _MESSAGES} if self.own_messages else {}
        return {"orphans": self.orphans, "allow_empty_first_page": self.allow_empty, **messages}


def _pagings(numbers: tuple[Any, ...] = _NUMBERS, most_items: int = MOST_ITEMS) -> st.SearchStrategy[Paging]:
    return st.builds(
        Paging,
        st.sampled_from(["list", "tuple", "queryset", "values"] if most_items <= MOST_ITEMS else ["list"]),
        st.integers(0, most_items),
        st.integers(1, 3),
        st.integers(0, 2),
        st.sampled_from([True, True, False]),
        st.booleans(),
        st.sampled_from(numbers),
        st.sampled_from([(3, 2), (1, 1), (0, 1), (2, 0)]),
    )


PAGINGS = _pagings()


class Shelf:
    """Sliceable, with a `count()`: the documentation asks for no more of what is paginated."""

    def __init__(self, size: int) -> None:
        self._items = [f"book {number}" for number in range(size)]

    def count(self) -> int:
        """How many books there are."""
        return len(self._items)

    def __getitem__(self, index: slice) -> list[str]:
        return self._items[index]


def _items(example: Paging) -> Any:
    from sample_app.models import Post

    if example.kind == "shelf":
        return Shelf(example.size)
    if example.kind in ("list", "tuple"):
        items = [f"item {number}" for number in range(example.size)]
        return items if example.kind == "list" else tuple(items)
    posts = Post.objects.filter(pk__lt=key(example.size)).order_by("-views")
    return posts if example.kind == "queryset" else posts.values_list("title", flat=True)


def _paginators(example: Paging) -> tuple[Any, Any]:
    from django.core import paginator

    if not hasattr(paginator, "AsyncPaginator"):
        raise Absent("django.core.paginator has no AsyncPaginator")
    with warnings.catch_warnings():
        # Django 6.1 warns of more orphans than a page has items, to all alike.
        warnings.simplefilter("ignore")
        first, second = (
            kind(_items(example), example.per_page, **example.arguments())
            for kind in (paginator.Paginator, paginator.AsyncPaginator)
        )
    return first, second


# What is asked of a paginator or page, on both sides. Each gives plain values.
Asked = Callable[[Any, Paging], Any]
AskedAsync = Callable[[Any, Paging], Awaitable[Any]]


def _numbers_of(example: Paging) -> dict[str, Any]:
    """What the documentation says of a paginator's numbers."""
    hits = max(1, example.size - example.orphans)
    pages = 0 if example.size == 0 and not example.allow_empty else ceil(hits / example.per_page)
    return {"count": example.size, "num_pages": pages, "page_range": range(1, pages + 1)}


def _property(name: str) -> Callable[[Stage, Paging], Sides]:
    """A property of one paginator is a method of the other; asked twice, the second time it is known."""

    def prepare(_stage: Stage, example: Paging) -> Sides:
        first, second = _paginators(example)
        expected = _numbers_of(example)[name]

        async def asynchronous() -> Any:
            return [await getattr(second, f"a{name}")(), await getattr(second, f"a{name}")()]

        return Sides(lambda: [getattr(first, name), getattr(first, name)], asynchronous, model=([expected, expected],))

    return prepare


def _page(page: Any) -> Any:
    return page.number, list(page.object_list), len(page), page[:2]


async def _apage(page: Any) -> Any:
    items = await page.aget_object_list()
    return page.number, items, len(page), page[:2]


def _method(name: str, *, page: bool = False) -> Callable[[Stage, Paging], Sides]:
    def prepare(_stage: Stage, example: Paging) -> Sides:
        first, second = _paginators(example)

        def sync() -> Any:
            value = getattr(first, name)(example.number)
            return _page(value) if page else value

        async def asynchronous() -> Any:
            value = await getattr(second, f"a{name}")(example.number)
            return await _apage(value) if page else value

        return Sides(sync, asynchronous, declared=(declare(getattr(first, name)), declare(getattr(second, f"a{name}"))))

    return prepare


def _elided(_stage: Stage, example: Paging) -> Sides:
    first, second = _paginators(example)
    around = {"on_each_side": example.around[0], "on_ends": example.around[1]}

    async def asynchronous() -> list[Any]:
        return [str(number) async for number in second.aget_elided_page_range(example.number, **around)]

    return Sides(
        lambda: [str(number) for number in first.get_elided_page_range(example.number, **around)],
        asynchronous,
        declared=(declare(first.get_elided_page_range), declare(second.aget_elided_page_range)),
    )


def _pages(_stage: Stage, example: Paging) -> Sides:
    first, second = _paginators(example)

    async def asynchronous() -> list[Any]:
        return [await _apage(page) async for page in second]

    return Sides(lambda: [_page(page) for page in first], asynchronous)


def _of_page(ask: Asked, aask: AskedAsync) -> Callable[[Stage, Paging], Sides]:
    """Asked of the page that `get_page` gives: there is one for every number."""

    def prepare(_stage: Stage, example: Paging) -> Sides:
        first, second = _paginators(example)

        async def asynchronous() -> Any:
            return await aask(await second.aget_page(example.number), example)

        return Sides(lambda: ask(first.get_page(example.number), example), asynchronous)

    return prepare


def _page_method(name: str) -> Callable[[Stage, Paging], Sides]:
    async def asynchronous(page: Any, _: Paging) -> Any:
        return await getattr(page, f"a{name}")()

    return _of_page(lambda page, _: getattr(page, name)(), asynchronous)


async def _iterated(page: Any, _: Paging) -> Any:
    """Twice: the second time nothing is asked for."""
    return [item async for item in page], [item async for item in page]


async def _as_sequence(page: Any, _: Paging) -> Any:
    items = await page.aget_object_list()
    return items, len(page), page[1:], list(reversed(page)), await page.aget_object_list()


def _source(asked: str, awaited: str) -> Callable[[Paging], tuple[str, str]]:
    def source(example: Paging) -> tuple[str, str]:
        given = "".join(f", {name}={value!r}" for name, value in example.arguments().items())
        items = {
            "list": f'[f"item {{n}}" for n in range({example.size})]',
            "tuple": f'tuple(f"item {{n}}" for n in range({example.size}))',
            "queryset": f'Post.objects.filter(pk__lt={key(example.size)}).order_by("-views")',
        }
        listed = items.get(example.kind) or f'{items["queryset"]}.values_list("title", flat=True)'
        made = f"Paginator({listed}, {example.per_page}{given})"
        number = repr(example.number)
        sides = (asked.replace("NUMBER", number), awaited.replace("NUMBER", number))
        return f"paginator = {made}\n{sides[0]}", f"paginator = Async{made}\n{sides[1]}"

    return source


for _name in ("count", "num_pages", "page_range"):
    register_experiment(
        f"paginator.a{_name}",
        PAGINGS,
        _property(_name),
        _source(f"paginator.{_name}", f"await paginator.a{_name}()"),
    )
for _name, _gives_page in {"page": True, "get_page": True, "validate_number": False}.items():
    register_experiment(
        f"paginator.a{_name}",
        PAGINGS,
        _method(_name, page=_gives_page),
        _source(f"paginator.{_name}(NUMBER)", f"await paginator.a{_name}(NUMBER)"),
    )
register_experiment(
    "paginator.aget_elided_page_range",
    _pagings((1, 2, 5, 9, 14, 20, "x", 99), most_items=40),
    _elided,
    _source("paginator.get_elided_page_range(NUMBER, ...)", "paginator.aget_elided_page_range(NUMBER, ...)"),
)
register_experiment(
    "paginator.sliceable_with_count",
    PAGINGS.map(lambda example: replace(example, kind="shelf")),
    _method("get_page", page=True),
    lambda example: (
        f"Paginator(Shelf({example.size}), {example.per_page}).get_page({example.number!r})",
        f"await AsyncPaginator(Shelf({example.size}), {example.per_page}).aget_page({example.number!r})",
    ),
)
register_experiment(
    "paginator.aiter",
    PAGINGS,
    _pages,
    _source("list(paginator)", "[page async for page in paginator]"),
)
for _name in (
    "has_next",
    "has_previous",
    "has_other_pages",
    "next_page_number",
    "previous_page_number",
    "start_index",
    "end_index",
):
    register_experiment(
        f"paginator.page.a{_name}",
        PAGINGS,
        _page_method(_name),
        _source(f"paginator.get_page(NUMBER).{_name}()", f"await (await paginator.aget_page(NUMBER)).a{_name}()"),
    )
register_experiment(
    "paginator.page.aiter",
    PAGINGS,
    _of_page(lambda page, _: (list(page), list(page)), _iterated),
    _source("list(paginator.get_page(NUMBER))", "[row async for row in await paginator.aget_page(NUMBER)]"),
)
register_experiment(
    "paginator.page.aget_object_list",
    PAGINGS,
    _of_page(
        lambda page, _: (list(page), len(page), page[1:], list(reversed(page)), list(page)),
        _as_sequence,
    ),
    _source("list(paginator.get_page(NUMBER))", "await (await paginator.aget_page(NUMBER)).aget_object_list()"),
)
