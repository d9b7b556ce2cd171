"""A recording counts exactly what Django's own log counts for the synchronous twin."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext, suppress
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_async_orm import record_queries
from pytest_async_orm.recording import recording, watch
from pytest_async_orm.recording.watch import Watch
from sample_app.models import Comment, Post, Tag

pytestmark = [pytest.mark.django_db, pytest.mark.async_orm_sandbox("all")]


class Rejected(Exception):
    """Rolls a block back."""


def _tags(number: int) -> list[Tag]:
    return [Tag(name=f"tag {i}") for i in range(number)]


def _raw() -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sample_app_tag WHERE name <> %s", ["x"])
        return list(cursor.fetchall())


def _executemany() -> None:
    with connection.cursor() as cursor:
        cursor.executemany("DELETE FROM sample_app_tag WHERE name = %s", [("a",), ("b",)])


def _bad_statement() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT nothing FROM nowhere")


def _rolled_back() -> None:
    with transaction.atomic():
        Tag.objects.create(name="rolled back")
        raise Rejected


def _savepoint_rolled_back() -> None:
    with transaction.atomic():
        try:
            _rolled_back()
        except Rejected:
            Tag.objects.filter(name="rolled back").count()


def _twice() -> None:
    Tag.objects.create(name="twice")
    Tag.objects.create(name="twice")


async def _iterate(queryset: Any, **options: Any) -> None:
    async for _ in queryset.aiterator(**options):
        pass


async def _comprehend(queryset: Any) -> None:
    [row async for row in queryset]


# The synchronous form, and the asynchronous one (None: the same function on a thread).
OPERATIONS: dict[str, tuple[Callable[[], Any], Callable[[], Any] | None]] = {
    "create": (lambda: Post.objects.create(title="a"), lambda: Post.objects.acreate(title="a")),
    "get": (lambda: Tag.objects.get(name="none"), lambda: Tag.objects.aget(name="none")),
    "count": (Tag.objects.count, Tag.objects.acount),
    "exists": (Tag.objects.exists, Tag.objects.aexists),
    "first": (Post.objects.first, Post.objects.afirst),
    "in_bulk": (lambda: Tag.objects.in_bulk([1, 2]), lambda: Tag.objects.ain_bulk([1, 2])),
    "get_or_create": (lambda: Tag.objects.get_or_create(name="b"), lambda: Tag.objects.aget_or_create(name="b")),
    "update_or_create": (
        lambda: Tag.objects.update_or_create(name="b", defaults={"name": "c"}),
        lambda: Tag.objects.aupdate_or_create(name="b", defaults={"name": "c"}),
    ),
    "bulk_create": (
        lambda: Tag.objects.bulk_create(_tags(5), batch_size=2, ignore_conflicts=True),
        lambda: Tag.objects.abulk_create(_tags(5), batch_size=2, ignore_conflicts=True),
    ),
    "update": (lambda: Post.objects.update(views=1), lambda: Post.objects.aupdate(views=1)),
    "delete": (lambda: Post.objects.all().delete(), lambda: Post.objects.all().adelete()),
    "list": (lambda: list(Post.objects.all()), lambda: _comprehend(Post.objects.all())),
    "related": (
        lambda: list(Post.objects.prefetch_related("comments", "tags")),
        lambda: _comprehend(Post.objects.prefetch_related("comments", "tags")),
    ),
    "iterator": (
        lambda: list(Comment.objects.iterator(chunk_size=2)),
        lambda: _iterate(Comment.objects.all(), chunk_size=2),
    ),
    "raw cursor": (_raw, None),
    "executemany": (_executemany, None),
    "bad statement": (_bad_statement, None),
    "rolled back": (_rolled_back, None),
    "savepoint rolled back": (_savepoint_rolled_back, None),
    "unique violation in a block": (transaction.atomic(_twice), None),
    "unique violation": (_twice, None),
}
EXPECTED = (Tag.DoesNotExist, IntegrityError, DatabaseError, Rejected)


def start_empty() -> None:
    # Asked for once in a process: the first that asks would have a query more.
    ContentType.objects.get_for_model(Post)
    for model in (Comment, Post, Tag):
        model.objects.all().delete()
    Comment.objects.bulk_create(
        Comment(post=post, content="c") for post in [Post.objects.create(title="p") for _ in range(3)]
    )


def count_of_twin(program: list[str]) -> list[str]:
    """Django's own log of the synchronous forms, on one connection."""
    start_empty()
    with CaptureQueriesContext(connection) as captured:
        for name in program:
            attempt(OPERATIONS[name][0])
    return [query["sql"].split()[0] for query in captured.captured_queries]


def attempt(call: Callable[[], Any]) -> None:
    with suppress(*EXPECTED):
        call()


async def run(program: list[str]) -> None:
    for name in program:
        sync, native = OPERATIONS[name]
        with suppress(*EXPECTED):
            await (native() if native is not None else sync_to_async(sync)())


programs = st.lists(st.sampled_from(sorted(OPERATIONS)), min_size=1, max_size=8)


@pytest.mark.asyncio
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(program=programs)
async def test_count_of_generated_programs(program: list[str]) -> None:
    """An async program sends as many statements as Django logs of its synchronous twin, and of the same kinds."""
    twin = await sync_to_async(count_of_twin)(program)
    await sync_to_async(start_empty)()
    with record_queries() as log:
        await run(program)
    assert len(log) == len(twin)
    if connection.vendor == "sqlite":
        # The servers' drivers tell Django what they sent, which may be another text: a cursor's declaration, nothing.
        assert [query.sql.split()[0] for query in log] == ["DELETE" if word == "2" else word for word in twin]


@pytest.mark.asyncio
@pytest.mark.parametrize("name", sorted(OPERATIONS))
async def test_count_of_each_operation(name: str) -> None:
    """Each operation alone counts as its synchronous twin, and is not free."""
    twin = await sync_to_async(count_of_twin)([name])
    await sync_to_async(start_empty)()
    with record_queries() as log:
        await run([name])
    assert len(log) == len(twin) > 0


@pytest.mark.async_orm_sandbox("off")
def test_count_on_the_real_connection(db: None) -> None:
    """Beside Django's own log, on the same run, the numbers are the same."""
    with CaptureQueriesContext(connection) as captured, record_queries() as log:
        for name in sorted(OPERATIONS):
            attempt(OPERATIONS[name][0])
    assert len(log) == len(captured)


def test_executemany_is_one_query() -> None:
    """executemany is one query, marked, with all its parameters; its rows are the driver's number."""
    with record_queries() as log:
        _executemany()
    (query,) = log
    assert (query.many, query.kind, list(query.params)) == (True, "write", [("a",), ("b",)])


def test_failed_query() -> None:
    """A query that fails is counted, with its error."""
    with record_queries() as log, pytest.raises(DatabaseError):
        _bad_statement()
    (failed,) = [query for query in log if query.kind == "read"]
    assert failed.error is not None
    assert failed.error.startswith(("OperationalError: ", "ProgrammingError: "))


def nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    pass


def misses_transaction_control(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "transaction_control", lambda *args: nullcontext())


def misses_new_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Watch, "_attach", lambda *args: None)


def forgets_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    original = recording._record
    monkeypatch.setattr(recording, "_record", lambda *seen: None if seen[-1] else original(*seen))


@pytest.mark.planted
@pytest.mark.asyncio
@pytest.mark.parametrize("plant", [nothing, misses_transaction_control, misses_new_connections, forgets_failures])
async def test_planted_fault_is_caught(plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recorder with a fault counts otherwise than Django for one operation at least; without one, for none."""
    twins = {name: await sync_to_async(count_of_twin)([name]) for name in OPERATIONS}
    plant(monkeypatch)
    differing = []
    for name, twin in twins.items():
        await sync_to_async(start_empty)()
        with record_queries() as log:
            await run([name])
        if len(log) != len(twin):
            differing.append(name)
    assert bool(differing) is (plant is not nothing)
