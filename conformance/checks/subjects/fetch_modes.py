"""Fetch modes: what is left out of a queryset, and then asked for by synchronous code, row by row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.outcomes import Absent
from conformance.checks.reference.outcomes import Unmodelled
from conformance.checks.references.fetching import MISSING, Fetching, Thing, together
from conformance.checks.registry import register_experiment
from conformance.checks.seed import USERNAMES, key
from conformance.checks.stage import Stage
from conformance.strategies import Rows, rows
from conformance.strategies.code import Chain, Name, Step, find, resolve, source

MODES = ("FETCH_ONE", "FETCH_PEERS", "FETCH_RAISE")


@dataclass(frozen=True)
class Path:
    """The queryset, what is asked of each of its rows, and what happens to the first of them `before`."""

    queryset: Chain
    names: tuple[str, ...]
    before: str = ""


CHANGED, DELETED = "changed", "deleted"


def _path(model: str, *names: str, steps: tuple[Step, ...] = (), before: str = "") -> Path:
    return Path(Chain(Name(f"{model}.objects"), (*steps, Step("order_by", ("pk",)))), names, before)


PATHS = (
    _path("Post", "author", "username"),
    _path("Post", "content", steps=(Step("defer", ("content",)),)),
    _path("Post", "title", steps=(Step("only", ("views",)),)),
    _path("Comment", "post", "title"),
    _path("Comment", "post", "author", "username"),
    _path("Comment", "post", "title", steps=(Step("select_related", ("post",)),)),
    _path("Comment", "author", "username", steps=(Step("prefetch_related", ("author",)),)),
    _path("Reaction", "target", "title"),
    _path("Post", "review", "rating"),
    _path("User", "profile", "display_name"),
)
# Each has an entry of its own: rows that came with others, and rows of which one is no longer as it was.
_JOINED = (_path("Comment", "post", "author", "username", steps=(Step("select_related", ("post",)),)),)
_OUTDATED = tuple(
    _path("Post", "content", steps=(Step("defer", ("content",)),), before=before) for before in (CHANGED, DELETED)
)


@dataclass(frozen=True)
class Fetched:
    """Rows, the mode, and the path; which method of the queryset fetches is the entry's."""

    rows: Rows
    mode: str
    path: Path


def _each(paths: tuple[Path, ...]) -> Callable[[Fetched, int], Fetched]:
    """Each mode on each path in turn."""
    return lambda example, turn: replace(
        example, mode=MODES[turn % len(MODES)], path=paths[turn // len(MODES) % len(paths)]
    )


def _things(drawn: Rows, model: str) -> list[Thing]:
    """The rows of a model by their keys, each with instances of its own of what it refers to."""
    users = {"User": [_user(drawn, at) for at in range(len(USERNAMES))]}
    made: dict[str, Callable[[], list[Thing]]] = {
        "Post": lambda: [_post(drawn, at) for at in range(len(drawn.posts))],
        "Comment": lambda: [
            Thing({"content": each.content}, {"post": _post(drawn, each.post), "author": _author(drawn, each.author)})
            for each in drawn.comments
        ],
        "Reaction": lambda: [
            Thing({}, {"target": _post(drawn, at)}) for at, post in enumerate(drawn.posts) for _ in post.reactions
        ],
    }
    return together(users[model] if model == "User" else made[model]())


def _user(drawn: Rows, at: int) -> Thing:
    name = drawn.profiles[at] if at < len(drawn.profiles) else None
    profile: Thing | str = MISSING if name is None else Thing({"display_name": name}, loaded={"display_name"})
    return Thing({"username": USERNAMES[at]}, {"profile": profile}, {"username"})


def _author(drawn: Rows, at: int | None) -> Thing | None:
    return None if at is None else _user(drawn, at)


def _post(drawn: Rows, at: int) -> Thing:
    row = drawn.posts[at]
    review: Thing | str = MISSING if row.rating is None else Thing({"rating": row.rating}, loaded={"rating"})
    values = {"title": row.title, "content": row.content}
    return Thing(values, {"author": _author(drawn, row.author), "review": review}, set(values))


def _prepared(things: list[Thing], path: Path) -> list[Thing]:
    """The things with what the queryset loads beforehand, and without what it leaves out."""
    steps = {step.method: step.args[0] for step in path.queryset.steps}
    for thing in things:
        thing.loaded -= {"content", "title"} if "only" in steps else {steps.get("defer")}
        thing.loaded |= {steps[name] for name in ("select_related", "prefetch_related") if name in steps}
    if "select_related" in steps:
        together([related for each in things if isinstance(related := each.relations["post"], Thing)])
    return things


def _begun(things: list[Thing], path: Path) -> list[Thing]:
    """The things when the first of them was changed, or its row deleted."""
    if path.before == CHANGED:
        things[0].values["content"] = CHANGED
        things[0].loaded.add("content")
    elif path.before == DELETED:
        things[0].deleted = True
    return things


def _chosen(name: str, things: list[Thing]) -> list[Thing]:
    """Those that the method gives."""
    if name in ("first", "earliest", "get"):
        if not things:
            raise Unmodelled("no row")
        return together(things[:1])
    return things


def _expected(example: Fetched, name: str) -> tuple[Any, ...]:
    model = example.path.queryset.start.name.partition(".")[0]
    fetching = Fetching(example.mode)
    try:
        things = _begun(_chosen(name, _prepared(_things(example.rows, model), example.path)), example.path)
    except Unmodelled:
        return ()
    touched = [fetching.walk(each, example.path.names) for each in things]
    return ((touched, fetching.queries, [(False, "default")] * len(things)),)


def _touch(found: list[Any], path: Path) -> tuple[list[Any], int, list[tuple[bool, str]]]:
    """What is at the end of the path, row by row, how many queries that took, and what each row knows of itself."""
    from django.db import connection

    sent: list[None] = []
    if path.before == CHANGED and found:
        found[0].content = CHANGED
    elif path.before == DELETED and found:
        type(found[0]).objects.filter(pk=found[0].pk).delete()

    def count(execute: Any, *args: Any) -> Any:
        sent.append(None)
        return execute(*args)

    with connection.execute_wrapper(count):
        touched = [_walked(each, path.names) for each in found]
    return touched, len(sent), [(each._state.adding, each._state.db) for each in found]


def _walked(found: Any, path: tuple[str, ...]) -> Any:
    try:
        for name in path:
            found = getattr(found, name)
            if found is None:
                return None
    except Exception as error:  # noqa: BLE001 - which is raised is what is compared
        return type(error).__name__
    return found


_METHODS: dict[str, tuple[Any, ...]] = {
    "__iter__": (),
    "iterator": (2,),
    "get": (),
    "first": (),
    "earliest": ("pk",),
    "in_bulk": (),
}


def _list_of(found: Any) -> list[Any]:
    """The rows of whatever a method gives. Raises `TypeError` for a dictionary that is none."""
    if hasattr(found, "keys") and type(found) is not dict:
        raise TypeError("another kind of dictionary")
    if isinstance(found, dict):
        return list(found.values())
    return found if isinstance(found, list) else [] if found is None else [found]


def _prepare(name: str) -> Callable[[Stage, Fetched], Sides]:
    def prepare(stage: Stage, example: Fetched) -> Sides:
        from asgiref.sync import sync_to_async

        queryset, args, path = _queryset(example, name), _METHODS[name], example.path

        async def fetch() -> list[Any]:
            if name in ("__iter__", "iterator"):
                rows: Any = queryset if name == "__iter__" else stage.adapter.asynchronous(queryset, name)(*args)
                return [row async for row in rows]
            return _list_of(await stage.adapter.asynchronous(queryset, name)(*args))

        async def asynchronous() -> Any:
            found = await fetch()
            # What is forbidden is forbidden in a coroutine as well, before it would be refused there.
            return _touch(found, path) if _is_loud(example) else await sync_to_async(_touch)(found, path)

        def sync() -> Any:
            if name == "__iter__":
                return _touch(list(queryset), path)
            found = stage.adapter.sync(queryset, name)(*args)
            return _touch(list(found) if name == "iterator" else _list_of(found), path)

        return Sides(sync, asynchronous, held=(queryset,), model=_expected(example, name))

    return prepare


def _is_loud(example: Fetched) -> bool:
    """Whether all that is asked for is forbidden, or there already: a further row of a row may be neither."""
    _, *further = example.path.names
    return example.mode == "FETCH_RAISE" and len(further) <= 1 and example.path.before != DELETED


def _queryset(example: Fetched, name: str) -> Any:
    """Raises `Absent` where Django has no fetch modes."""
    from django.db import models

    if not hasattr(models, "FETCH_ONE"):
        raise Absent("this Django has no fetch modes")
    queryset = resolve(example.path.queryset).fetch_mode(getattr(models, example.mode))
    if name == "get":
        first = find(example.path.queryset.start.name.partition(".")[0]).objects.order_by("pk").first()
        return queryset.filter(pk=key(0) if first is None else first.pk)
    return queryset.order_by() if name == "earliest" else queryset


def _source(name: str) -> Callable[[Fetched], tuple[str, str]]:
    def printed(example: Fetched) -> tuple[str, str]:
        queryset = f"{source(example.path.queryset)}.fetch_mode(models.{example.mode})"
        touched = ".".join(("row", *example.path.names))
        given = ", ".join(map(repr, _METHODS[name]))
        called, acalled = f"{queryset}.{name}({given})", f"{queryset}.a{name}({given})"
        if name in ("__iter__", "iterator"):
            called, acalled = (queryset, queryset) if name == "__iter__" else (called, acalled)
            sync, asynchronous = f"rows = list({called})", f"rows = [row async for row in {acalled}]"
        else:
            sync, asynchronous = f"rows = {called}", f"rows = await {acalled}"
        asked = f"[{touched} for row in rows]"
        before = f"# then the first row is {example.path.before}\n" if example.path.before else ""
        return f"{sync}\n{before}{asked}", f"{asynchronous}\n{before}await sync_to_async(lambda: {asked})()"

    return printed


def _register(entry: str, name: str, paths: tuple[Path, ...]) -> None:
    examples = st.builds(Fetched, rows(min_posts=2), st.sampled_from(MODES), st.sampled_from(paths))
    register_experiment(f"fetch_modes.{entry}", examples, _prepare(name), _source(name), vary=_each(paths))


for _name in _METHODS:
    _register("aiter" if _name == "__iter__" else f"a{_name}", _name, PATHS)
_register("joined.aiter", "__iter__", _JOINED)
_register("outdated.aiter", "__iter__", _OUTDATED)
