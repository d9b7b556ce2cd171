"""The async ORM under pytest-asyncio: what a test writes is seen by the test, and by no other."""

import asyncio
import threading

import django.contrib.auth
import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError
from django.db.models import F

from sample_app.models import Comment, Post, Tag

pytestmark = [pytest.mark.django_db, pytest.mark.asyncio]

aauthenticate = getattr(django.contrib.auth, "aauthenticate", None)  # Django 5.0


@pytest.mark.parametrize("turn", ["first", "second"])
async def test_a_created_row_is_gone_in_the_next_test(turn):
    """The same unique name can be created in two tests."""
    await Tag.objects.acreate(name="unique")
    assert await Tag.objects.acount() == 1


async def test_get_and_missing():
    """aget finds the row, and raises DoesNotExist for another."""
    tag = await Tag.objects.acreate(name="one")
    assert (await Tag.objects.aget(name="one")).pk == tag.pk
    with pytest.raises(Tag.DoesNotExist):
        await Tag.objects.aget(name="two")


async def test_save_refresh_and_delete():
    """An instance is saved, refreshed and deleted."""
    tag = Tag(name="draft")
    await tag.asave()
    await Tag.objects.filter(pk=tag.pk).aupdate(name="changed")
    await tag.arefresh_from_db()
    assert tag.name == "changed"
    await tag.adelete()
    assert not await Tag.objects.aexists()


async def test_bulk_operations():
    """Bulk creation and bulk update act on all rows."""
    tags = await Tag.objects.abulk_create([Tag(name=f"t{n}") for n in range(20)])
    saved = [tag async for tag in Tag.objects.order_by("pk")]
    assert len(saved) == len(tags) == 20
    for tag in saved:
        tag.name += "!"
    await Tag.objects.abulk_update(saved, ["name"])
    assert await Tag.objects.filter(name__endswith="!").acount() == 20


async def test_get_or_create_and_update_or_create():
    """Both run their own transaction and see what is there."""
    _, created = await Tag.objects.aget_or_create(name="x")
    _, again = await Tag.objects.aget_or_create(name="x")
    assert (created, again) == (True, False)
    tag, _ = await Tag.objects.aupdate_or_create(name="x", defaults={"name": "y"})
    assert tag.name == "y"


async def test_iteration_and_slices():
    """async for runs over querysets and slices."""
    await Tag.objects.abulk_create([Tag(name=f"t{n}") for n in range(5)])
    assert [tag.name async for tag in Tag.objects.order_by("name")[1:3]] == ["t1", "t2"]


async def test_relations():
    """Rows reached through foreign keys and many-to-many relations."""
    post = await Post.objects.acreate(title="p", content="c")
    tag = await Tag.objects.acreate(name="t")
    await Comment.objects.acreate(post=post, content="hello")
    await post.tags.aadd(tag)
    assert [found.pk async for found in post.tags.all()] == [tag.pk]
    assert await post.comments.acount() == 1


async def test_f_expression_update():
    """An update computed by the database."""
    post = await Post.objects.acreate(title="p", content="c")
    await asyncio.gather(*(Post.objects.filter(pk=post.pk).aupdate(views=F("views") + 1) for _ in range(5)))
    await post.arefresh_from_db()
    assert post.views == 5


async def test_gathered_creations():
    """Coroutines under gather all write."""
    await asyncio.gather(*(Tag.objects.acreate(name=f"t{n}") for n in range(10)))
    assert await Tag.objects.acount() == 10


async def test_task_group_of_tasks():
    """Tasks that are created one by one write as well."""
    tasks = [asyncio.create_task(Tag.objects.acreate(name=f"t{n}")) for n in range(3)]
    await asyncio.gather(*tasks)
    assert await Tag.objects.acount() == 3


async def test_failed_statement_does_not_poison_the_next():
    """In autocommit an IntegrityError undoes its own statement and nothing else."""
    await Tag.objects.acreate(name="kept")
    with pytest.raises(IntegrityError):
        await Tag.objects.acreate(name="kept")
    await Tag.objects.acreate(name="after")
    assert await Tag.objects.acount() == 2


async def test_failure_under_gather_leaves_the_others():
    """With return_exceptions the good ones are saved."""
    results = await asyncio.gather(
        *(Tag.objects.acreate(name=name) for name in ("a", "a", "b")), return_exceptions=True
    )
    assert sum(isinstance(result, IntegrityError) for result in results) == 1
    assert await Tag.objects.acount() == 2


async def test_users():
    """The user model's async methods and authentication."""
    await asyncio.to_thread(get_user_model().objects.create_user, "ada", password="pw")
    found = await asyncio.to_thread(lambda: get_user_model().objects.get(username="ada"))
    assert await asyncio.to_thread(found.check_password, "pw")
    if aauthenticate is not None:
        assert (await aauthenticate(username="ada", password="pw")).pk == found.pk


async def test_timeout_in_a_query_leaves_the_connection_usable():
    """wait_for gives up, the thread goes on, the next query works."""
    started, release = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slow():
        loop.call_soon_threadsafe(started.set)
        release.wait(5)
        return Tag.objects.count()

    task = asyncio.create_task(asyncio.to_thread(slow))
    await started.wait()
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(asyncio.shield(task), 0.01)
    release.set()
    assert await task == 0
    await Tag.objects.acreate(name="after")
