"""What counts as one call of a unit of work, and what a query is sent for, is told from the frames of the stack."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest
from django.db import connection

from pytest_async_orm import record_queries
from pytest_async_orm.frames.lines import BATCH, MAKING, REFRESH, RELATED, VALIDATION, WRITE, Frames, Unit, frames_from
from pytest_async_orm.patches.places import MAKERS, UNITS
from sample_app.models import Comment, Post, Tag

pytestmark = pytest.mark.django_db


def package(folder: Path, file: str, name: str) -> Callable[..., Any]:
    """A function of an installed package's file, which calls what it is given."""
    path = folder / "site-packages" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    text = f"def {name}(call, *values):\n    return call(*values)\n"
    path.write_text(text, encoding="utf-8")
    module = ModuleType("made")
    exec(compile(text, str(path), "exec"), vars(module))
    found: Callable[..., Any] = vars(module)[name]
    return found


class Seen(NamedTuple):
    frames: Frames
    call: int
    purpose: int
    unit: Unit | None


def seen() -> Seen:
    return Seen(*frames_from(sys._getframe(1)))


FUNCTIONS = [(file, name) for file, names in UNITS.items() for name in names.split()]


@pytest.mark.parametrize(("file", "name"), FUNCTIONS)
def test_units(tmp_path: Path, file: str, name: str) -> None:
    """Each call of a function that serves is a unit of its own; the lines inside of it are counted."""
    serve = package(tmp_path, file, name)

    def handler() -> tuple[Seen, Seen]:
        return seen(), seen()

    first, second = serve(handler), serve(handler)
    assert first[0].unit == first[1].unit
    assert first[0].unit is not None
    assert first[0].unit[1] == 1
    assert second[0].unit is not None
    assert second[0].unit[0] != first[0].unit[0]
    assert seen().unit is None


def test_files_of_the_project(tmp_path: Path) -> None:
    """A file of the user's own that is called as a package's is the user's."""
    path = tmp_path / "huey" / "api.py"
    scope: dict[str, Any] = {}
    exec(compile("def execute(call):\n    return call()\n", str(path), "exec"), scope)
    found: Seen = scope["execute"](seen)
    assert found.unit is None
    assert len(found.frames) == 2


def requested(serve: Callable[..., Any], numbers: int) -> list[Any]:
    """What is found where a package serves two requests whose loops have so many turns each."""

    def handler(request: int) -> None:
        for number in range(numbers):
            Tag.objects.filter(name=f"{request} {number}").count()

    with record_queries() as log:
        for request in range(2):
            serve(handler, request)
    return log.n_plus_one(threshold=2)


def test_loops_of_two_requests(tmp_path: Path) -> None:
    """Loops of two requests are not added up; equal ones are told once."""
    serve = package(tmp_path, "django/core/handlers/base.py", "get_response")
    assert requested(serve, 2) == []
    assert [group.count for group in requested(serve, 3)] == [3]


@pytest.mark.planted
def test_requests_that_nobody_tells_apart(tmp_path: Path) -> None:
    """Without the name of the function that serves, three requests would be taken for a loop of the view's."""
    unknown = package(tmp_path, "django/core/handlers/base.py", "get_answer")
    served = package(tmp_path, "django/core/handlers/base.py", "get_response")

    def view(number: int) -> bool:
        return Tag.objects.filter(name=str(number)).exists()

    def found(serve: Callable[..., Any]) -> list[Any]:
        with record_queries() as log:
            # The loop is nobody's: no `for` of the user's, and values that differ.
            list(map(partial(serve, view), range(3)))
        return log.n_plus_one(threshold=2)

    assert len(found(unknown)) == 1
    assert found(served) == []


@pytest.mark.parametrize("part", MAKERS)
def test_rows_made_for_tests(tmp_path: Path, part: str) -> None:
    """What a package reads while it makes rows for tests is no N+1."""
    make = package(tmp_path, f"{part.strip('/')}/base.py", "create_batch")

    def lookup(number: int) -> bool:
        return Tag.objects.filter(name=str(number)).exists()

    with record_queries() as log:
        for number in range(5):
            make(lookup, number)
    assert {query.origin.makes for query in log} == {True}
    assert log.n_plus_one() == []


def purposes(call: Callable[[], Any]) -> list[str]:
    """What the reads of a call are sent for."""
    with record_queries() as log:
        call()
    names = ("related", "writes", "refreshes", "validates")
    return sorted({name for query in log.reads for name in names if getattr(query.origin, name)})


def test_purposes(db: None) -> None:
    """A related object, a deferred field, a write that reads, a validation and a refresh are told apart."""
    post = Post.objects.create(title="one", content="long")
    comment = Comment.objects.create(post=post, content="short")
    fresh = Comment.objects.get(pk=comment.pk)
    bare = Post.objects.only("title").get(pk=post.pk)
    assert purposes(lambda: fresh.post) == ["related"]
    assert purposes(lambda: bare.content) == ["refreshes", "related"]
    assert purposes(post.refresh_from_db) == ["refreshes"]
    assert purposes(lambda: Tag.objects.get_or_create(name="new")) == ["writes"]
    assert purposes(lambda: comment.full_clean(exclude=["author"])) == ["validates"]
    assert purposes(post.delete) == ["writes"]
    assert purposes(Post.objects.count) == []


def test_bits() -> None:
    """Every purpose has a bit of its own."""
    bits = (BATCH, RELATED, WRITE, REFRESH, VALIDATION, MAKING)
    assert sum(bits) == 2 ** len(bits) - 1


def test_wrappers_of_the_project(db: None) -> None:
    """A wrapper that the project puts around every statement is not the line that sends them."""

    def wrapper(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        return execute(sql, params, many, context)

    def lookup() -> int:
        return Tag.objects.count()

    with record_queries() as log, connection.execute_wrapper(wrapper):
        # In front of the plugin's own, as an instrument that is there from the beginning.
        connection.execute_wrappers.insert(0, wrapper)
        lookup()
        connection.execute_wrappers.remove(wrapper)
    assert log[0].stack[0].endswith(f":{lookup.__code__.co_firstlineno + 1}")


def test_rows_that_come_with_others(db: None) -> None:
    """What a query in a loop prefetches is told with that query alone."""
    keys = [Post.objects.create(title=str(number), content="").pk for number in range(3)]
    for key in keys:
        Comment.objects.create(post_id=key, content="one")
    with record_queries() as log:
        for key in keys:
            Post.objects.prefetch_related("comments").get(pk=key)
    [found] = log.n_plus_one()
    assert "in_bulk()" in found.remedy
