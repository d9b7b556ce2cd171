"""Receivers of Django's signals, sync and async, write into the test's transaction."""

import asyncio

import django
import pytest
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core.signals import request_finished
from django.db import transaction
from django.db.models.signals import m2m_changed, post_save
from django.dispatch import Signal
from django.test import AsyncClient

from sample_app.models import Post, Tag

pytestmark = [pytest.mark.django_db, pytest.mark.asyncio]
since_50 = pytest.mark.skipif(django.VERSION < (5, 0), reason="async receivers came with Django 5.0")


@pytest.fixture
def connected():
    """Connect receivers for the length of a test."""
    receivers = []

    def connect(signal, receiver, **options):
        signal.connect(receiver, weak=False, **options)
        receivers.append((signal, receiver, options.get("sender")))

    yield connect
    for signal, receiver, sender in receivers:
        assert signal.disconnect(receiver, sender=sender)


async def test_sync_receiver(connected):
    """A sync receiver of post_save sees the row and writes one."""

    def receiver(instance, created, **kwargs):
        assert Post.objects.filter(pk=instance.pk).exists()
        Tag.objects.create(name=f"of {instance.title}")

    connected(post_save, receiver, sender=Post)
    await Post.objects.acreate(title="p", content="c")
    assert [tag.name async for tag in Tag.objects.all()] == ["of p"]


@since_50
async def test_async_receiver_of_post_save(connected):
    """An async receiver of post_save sees the row and writes one."""

    async def receiver(instance, created, **kwargs):
        assert await Post.objects.filter(pk=instance.pk).aexists()
        await Tag.objects.acreate(name=f"of {instance.title}")

    connected(post_save, receiver, sender=Post)
    await Post.objects.acreate(title="p", content="c")
    assert [tag.name async for tag in Tag.objects.all()] == ["of p"]


@since_50
@pytest.mark.parametrize("fails", [False, True])
async def test_async_receiver_inside_the_senders_transaction(connected, fails):
    """What an async receiver writes inside the sender's atomic block is committed, or rolled back, with it."""

    async def receiver(instance, action, **kwargs):
        if action == "post_add":
            await Tag.objects.acreate(name="of the receiver")

    @transaction.atomic
    def add(post, tag):
        post.tags.add(tag)
        if fails:
            raise ValueError("after the signal")

    connected(m2m_changed, receiver, sender=Post.tags.through)
    post, tag = await Post.objects.acreate(title="p", content="c"), await Tag.objects.acreate(name="t")
    result = await asyncio.gather(sync_to_async(add)(post, tag), return_exceptions=True)
    assert isinstance(result[0], ValueError) == fails
    assert await Tag.objects.filter(name="of the receiver").aexists() != fails
    assert await post.tags.aexists() != fails


@since_50
async def test_asend_to_receivers_of_both_kinds(connected):
    """asend awaits async receivers together, after the sync ones, in a context as each request has; all write."""
    signal = Signal()

    def sync_receiver(**kwargs):
        return Tag.objects.create(name="sync").name

    async def async_receiver(**kwargs):
        return (await Tag.objects.acreate(name="async")).name

    async def other_receiver(**kwargs):
        return (await Tag.objects.acreate(name="other")).name

    for receiver in (sync_receiver, async_receiver, other_receiver):
        connected(signal, receiver)
    async with ThreadSensitiveContext():
        assert sorted(name for _, name in await signal.asend(sender=None)) == ["async", "other", "sync"]
    assert await Tag.objects.acount() == 3


@since_50
async def test_asend_robust_with_a_failing_receiver(connected):
    """A receiver that fails in the database is reported, and the others' rows stay."""
    signal = Signal()
    await Tag.objects.acreate(name="taken")

    async def fails(**kwargs):
        await Tag.objects.acreate(name="taken")

    async def writes(**kwargs):
        await Tag.objects.acreate(name="written")

    connected(signal, fails)
    connected(signal, writes)
    async with ThreadSensitiveContext():
        results = dict(await signal.asend_robust(sender=None))
    assert (type(results[fails]).__name__, results[writes]) == ("IntegrityError", None)
    assert await Tag.objects.acount() == 2


async def test_receiver_of_request_finished(connected):
    """A receiver that writes when a request has ended."""

    def receiver(**kwargs):
        Tag.objects.get_or_create(name="request finished")

    connected(request_finished, receiver)
    response = await AsyncClient().get("/async-tags/")
    await sync_to_async(response.close)()
    assert await Tag.objects.filter(name="request finished").aexists()
