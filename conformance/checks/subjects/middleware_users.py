"""Middleware that knows users: sessions, authentication, messages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from asgiref.sync import sync_to_async

from conformance.checks.experiments import Sides
from conformance.checks.seed import USERNAMES
from conformance.checks.stage import Stage
from conformance.checks.subjects.middleware import ACTS, ASYNC_ACTS, Ask, Page, Walk, register, walk, walks
from conformance.checks.subjects.sessions_engines import SessionRows

_SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
_USERS = "django.contrib.auth.middleware.AuthenticationMiddleware"
_ENGINE = "django.contrib.sessions.backends."
BACKEND = "django.contrib.auth.backends.ModelBackend"


def _basket(request: Any) -> Any:
    """Count in the session how often somebody came."""
    before = sorted(request.session.items())
    request.session["times"] = request.session.get("times", 0) + 1
    if request.GET.get("end"):
        request.session.flush()
    if seconds := request.GET.get("seconds"):
        request.session.set_expiry(int(seconds))
    return before


def _look(request: Any) -> Any:
    return request.session.get("times")


def _user(request: Any) -> Any:
    return str(request.user), request.user.is_authenticated, request.user.get_username()


async def _auser(request: Any) -> Any:
    user = await request.auser() if hasattr(request, "auser") else await sync_to_async(lambda: request.user)()
    return str(user), user.is_authenticated, user.get_username()


def _messages(request: Any) -> Any:
    from django.contrib import messages

    if text := request.GET.get("say"):
        messages.add_message(request, messages.WARNING, text, extra_tags="tag")
        return None
    return [(str(message), message.level, message.tags) for message in messages.get_messages(request)]


ACTS.update(basket=_basket, look=_look, user=_user, messages=_messages)
ASYNC_ACTS.update(user=_auser)


def _with_sessions(example: Walk) -> Walk:
    """The same, in whose database the table of sessions is seen."""
    return replace(example, rows=SessionRows((), ()))


def _anew(stage: Stage, example: Walk) -> Sides:
    """Where there was no session before."""
    from django.contrib.sessions.models import Session

    Session.objects.all().delete()
    return walk(stage, example)


def _logged_in(stage: Stage, example: Walk) -> Sides:
    """The same, as the user whose name the first request's query has; nobody, if it has none."""
    from django.contrib.auth import get_user_model
    from django.contrib.sessions.models import Session

    def before(client: Any) -> None:
        name = example.asks[0].path.partition("as=")[2]
        if name:
            client.force_login(get_user_model().objects.get(username=name), BACKEND)

    Session.objects.all().delete()
    # Who logs in is written down.
    stage.soiled()
    return walk(stage, example, before)


_ENGINES: list[dict[str, Any]] = [{"SESSION_ENGINE": f"{_ENGINE}{name}"} for name in ("db", "cache", "signed_cookies")]
register(
    "middleware.sessions",
    walks(
        (_SESSIONS,),
        [
            *_ENGINES,
            {**_ENGINES[0], "SESSION_SAVE_EVERY_REQUEST": True},
            {**_ENGINES[0], "SESSION_COOKIE_NAME": "own", "SESSION_EXPIRE_AT_BROWSER_CLOSE": True},
        ],
        [
            (Ask(), Ask()),
            (Ask(), Ask("/page/?end=1"), Ask()),
            (Ask("/page/?seconds=5"), Ask()),
            (Ask("/page/?seconds=0"), Ask()),
        ],
        [Page(acts="basket"), Page(acts="look"), Page(acts="basket", status=500), Page()],
    ).map(_with_sessions),
    _anew,
)
_PEOPLE = [(Ask("/page/"),), (Ask(f"/page/?as={USERNAMES[0]}"),), (Ask(f"/page/?as={USERNAMES[1]}"), Ask())]
register(
    "middleware.authentication",
    walks((_SESSIONS, _USERS), _ENGINES, _PEOPLE, [Page(acts="user"), Page()]),
    _logged_in,
)
register(
    "middleware.login_required",
    walks(
        (_SESSIONS, _USERS, "django.contrib.auth.middleware.LoginRequiredMiddleware"),
        [{"SESSION_ENGINE": f"{_ENGINE}signed_cookies"}, {"SESSION_ENGINE": f"{_ENGINE}db", "LOGIN_URL": "/own/"}],
        [*_PEOPLE, (Ask("/none/"),), (Ask("/other/?a=1", "post"),)],
        [Page(acts="user"), Page()],
    ),
    _logged_in,
)
register(
    "middleware.messages",
    walks(
        (_SESSIONS, "django.contrib.messages.middleware.MessageMiddleware"),
        [
            {"MESSAGE_STORAGE": f"django.contrib.messages.storage.{name}"}
            for name in ("fallback.FallbackStorage", "cookie.CookieStorage", "session.SessionStorage")
        ],
        [
            (Ask("/page/?say=hello"), Ask(), Ask()),
            (Ask("/page/?say=a"), Ask("/page/?say=b"), Ask()),
            # A message that nobody has been shown is kept.
            (Ask("/page/?say=a"),),
            (Ask(), Ask("/page/?say=a"), Ask("/page/?say=b")),
        ],
        [Page(acts="messages")],
    ).map(_with_sessions),
    _anew,
)


def _header(name: str) -> tuple[tuple[str, str], ...]:
    return (("X-User", name),)


register(
    "middleware.remote_user",
    walks(
        (_SESSIONS, _USERS, "conformance.checks.remote_users.ProxyUserMiddleware"),
        [
            {
                "AUTHENTICATION_BACKENDS": [f"django.contrib.auth.backends.{backend}"],
                "SESSION_ENGINE": f"{_ENGINE}cache",
            }
            for backend in ("RemoteUserBackend", "AllowAllUsersRemoteUserBackend")
        ],
        [
            (Ask(),),
            (Ask(headers=_header(USERNAMES[0])), Ask(headers=_header(USERNAMES[0]))),
            (Ask(headers=_header(USERNAMES[0])), Ask()),
            (Ask(headers=_header(USERNAMES[0])), Ask(headers=_header(USERNAMES[1]))),
            (Ask(headers=_header("newcomer")), Ask(headers=_header("newcomer"))),
        ],
        [Page(acts="user")],
    ),
    _anew,
)
