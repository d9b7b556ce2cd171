"""Users and sessions by their async methods, each as far as the Django version has it."""

import django
import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.contrib import auth
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.test import AsyncClient

pytestmark = [pytest.mark.django_db, pytest.mark.asyncio]
since_50 = pytest.mark.skipif(django.VERSION < (5, 0), reason="async authentication came with Django 5.0")
since_51 = pytest.mark.skipif(django.VERSION < (5, 1), reason="async sessions came with Django 5.1")


@pytest_asyncio.fixture
async def user(django_user_model, db):
    return await sync_to_async(django_user_model.objects.create_user)("ada", password="pw")


@pytest_asyncio.fixture
async def request_with_session(db):
    request = HttpRequest()
    request.session = SessionStore()
    request.user = AnonymousUser()
    return request


@since_50
async def test_authenticate(user):
    """aauthenticate finds the user by the right password alone."""
    assert await auth.aauthenticate(username="ada", password="pw") == user
    assert await auth.aauthenticate(username="ada", password="wrong") is None


@since_50
async def test_log_in_and_out(user, request_with_session):
    """alogin, aget_user and alogout on one request."""
    await auth.alogin(request_with_session, user, backend="django.contrib.auth.backends.ModelBackend")
    assert await auth.aget_user(request_with_session) == user
    await auth.alogout(request_with_session)
    assert (await auth.aget_user(request_with_session)).is_anonymous


@since_50
async def test_log_in_is_stamped(user, request_with_session):
    """The receiver of user_logged_in writes the time of the log-in."""
    assert user.last_login is None
    await auth.alogin(request_with_session, user, backend="django.contrib.auth.backends.ModelBackend")
    await user.arefresh_from_db()
    assert user.last_login is not None


@since_50
async def test_auser_in_a_view(user):
    """An async view awaits the user of its request."""
    client = AsyncClient()
    assert (await client.get("/who/")).content == b"AnonymousUser"
    await client.aforce_login(user)
    assert (await client.get("/who/")).content == b"ada"
    await client.alogout()
    assert (await client.get("/who/")).content == b"AnonymousUser"


@since_50
async def test_client_logs_in_by_password(user):
    """AsyncClient.alogin, right and wrong."""
    client = AsyncClient()
    assert not await client.alogin(username="ada", password="wrong")
    assert await client.alogin(username="ada", password="pw")
    assert (await client.get("/who/")).content == b"ada"


@since_51
async def test_session_store():
    """A session is saved, loaded, and deleted."""
    session = SessionStore()
    await session.aset("visits", 1)
    await session.asave()
    loaded = SessionStore(session.session_key)
    assert await loaded.aget("visits") == 1
    await loaded.adelete()
    assert not await Session.objects.aexists()


@since_51
async def test_session_in_an_async_view():
    """An async view counts its visits in the session."""
    client = AsyncClient()
    assert (await client.get("/async-counted/")).content == b"1"
    assert (await client.get("/async-counted/")).content == b"2"
    assert await Session.objects.acount() == 1


@since_51
async def test_cycled_and_flushed_session():
    """A new key keeps the data, a flush drops it."""
    session = SessionStore()
    await session.aset("visits", 1)
    await session.asave()
    old = session.session_key
    await session.acycle_key()
    assert session.session_key != old
    assert not await SessionStore().aexists(old)
    await session.aflush()
    assert not await Session.objects.aexists()


@since_50
async def test_permissions(user):
    """A user's permissions, by their async methods where Django has them."""
    permission = await sync_to_async(
        lambda: auth.models.Permission.objects.get(codename="add_tag")  # made by post_migrate
    )()
    await user.user_permissions.aadd(permission)
    fresh = await type(user).objects.aget(pk=user.pk)
    if hasattr(fresh, "ahas_perm"):  # Django 5.2
        assert await fresh.ahas_perm("sample_app.add_tag")
    else:
        assert await sync_to_async(fresh.has_perm)("sample_app.add_tag")
