"""Class-based views with asynchronous handlers, against the same with synchronous ones."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import wraps
from inspect import iscoroutine
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.journal import Journal
from conformance.checks.outcomes import Absent
from conformance.checks.registry import register_experiment
from conformance.checks.sites import VISIT, plain_response
from conformance.checks.stage import Stage
from conformance.strategies import NO_ROWS, NUMBERED_POSTS, Rows

HANDLERS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")


@dataclass(frozen=True)
class Classed:
    """A class-based view: its handlers, those of them that are `async def` where one is asynchronous, and a request.

    `extra` are arguments of `as_view`; `decorated` names a decorator of its methods.
    """

    handlers: tuple[str, ...]
    asynchronous: tuple[str, ...]
    verb: str
    extra: tuple[tuple[str, Any], ...] = ()
    decorated: str = ""
    rows: Rows = NO_ROWS


def _handler(name: str) -> Callable[..., Any]:
    def handler(self: Any, request: Any, number: int) -> Any:
        from django.http import HttpResponse

        VISIT.journal.step(name, request.method, number, self.args, self.kwargs, coroutine=False)
        return HttpResponse(f"{name} {number} {self.text} {self.prepared}")

    return handler


def _ahandler(name: str) -> Callable[..., Any]:
    async def handler(self: Any, request: Any, number: int) -> Any:
        from django.http import HttpResponse

        VISIT.journal.step(name, request.method, number, self.args, self.kwargs, coroutine=True)
        return HttpResponse(f"{name} {number} {self.text} {self.prepared}")

    return handler


def _signed(view: Any) -> Any:
    """A decorator for views of both kinds, as Django's are; it says so where it is given neither."""

    def sign(response: Any) -> Any:
        if iscoroutine(response):
            response.close()
            raise TypeError("the decorated view is no coroutine function, and gave a coroutine")
        response["X-Signed"] = "yes"
        return response

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return sign(view(*args, **kwargs))

    async def awrapper(*args: Any, **kwargs: Any) -> Any:
        return sign(await view(*args, **kwargs))

    return wraps(view)(awrapper if _marked(view) else wrapper)


def _view_class(example: Classed, asynchronous: tuple[str, ...]) -> Any:
    from django.utils.decorators import method_decorator
    from django.views import View

    def setup(self: Any, request: Any, *args: Any, **kwargs: Any) -> None:
        View.setup(self, request, *args, **kwargs)
        self.prepared = f"set up for {request.method}"

    handlers = {name: (_ahandler if name in asynchronous else _handler)(name) for name in example.handlers}
    kind: Any = type("AView", (View,), {"text": "as written", "setup": setup, **handlers})
    if example.decorated == "dispatch":
        if asynchronous:
            # So the documentation asks for it, where the handlers are asynchronous.
            kind.dispatch = _adispatch(kind)
        return method_decorator(_signed, name="dispatch")(kind)
    if example.decorated and example.decorated in handlers:
        return method_decorator(_signed, name=example.decorated)(kind)
    return kind


def _adispatch(kind: Any) -> Any:
    async def dispatch(self: Any, *args: Any, **kwargs: Any) -> Any:
        return await super(kind, self).dispatch(*args, **kwargs)

    return dispatch


def _dispatched(stage: Stage, example: Classed) -> Sides:
    """The class with synchronous handlers, and the class with asynchronous ones."""
    from django.test import AsyncRequestFactory, RequestFactory

    journal = Journal(stage.recorder)
    view = _view_class(example, ()).as_view(**dict(example.extra))
    aview = _view_class(example, example.handlers).as_view(**dict(example.extra))
    if not _marked(aview):
        raise Absent("View.as_view() knows no asynchronous handlers")

    def sync() -> Any:
        with VISIT.to(example, journal), journal.logging("django.request"):
            return plain_response(view(getattr(RequestFactory(), example.verb)("/"), number=3))

    async def asynchronous() -> Any:
        with VISIT.to(example, journal), journal.logging("django.request"):
            return plain_response(await aview(getattr(AsyncRequestFactory(), example.verb)("/"), number=3))

    return Sides(sync, asynchronous, held=(journal.state,))


def _marked(view: Any) -> bool:
    """Before Python 3.12, `inspect` knows no marks."""
    from asgiref.sync import iscoroutinefunction as is_marked

    return bool(is_marked(view))


def _mixed(_stage: Stage, example: Classed) -> Sides:
    """Whether a class is a view, and of which kind: all handlers of one kind, or none."""
    from django.core.exceptions import ImproperlyConfigured
    from django.views import View

    if not hasattr(View, "view_is_async"):
        raise Absent("View has no view_is_async")
    kinds = {name in example.asynchronous for name in example.handlers if name != "options"}

    def expected() -> Any:
        if len(kinds) == 2:
            raise ImproperlyConfigured("AView HTTP handlers must either be all sync or all async.")
        return kinds == {True}, kinds == {True}

    async def asynchronous() -> Any:
        kind = _view_class(example, example.asynchronous)
        kind.__qualname__ = "AView"
        return _marked(kind.as_view()), kind.view_is_async

    return Sides(expected, asynchronous)


def _source(example: Classed) -> tuple[str, str]:
    def written(asynchronous: tuple[str, ...]) -> str:
        kinds = {name: "async def" if name in asynchronous else "def" for name in example.handlers}
        lines = ["class AView(View):"]
        lines += [f"    {kind} {name}(self, request, number): ..." for name, kind in kinds.items()]
        if example.decorated:
            lines.insert(0, f'@method_decorator(signed, name="{example.decorated}")')
        return "\n".join(lines)

    call = f"AView.as_view(**{dict(example.extra)})(request_factory.{example.verb}('/'), number=3)"
    return f"{written(())}\n{call}", f"{written(example.asynchronous or example.handlers)}\nawait {call}"


_VERBS = st.sampled_from(["get", "post", "put", "patch", "delete", "head", "options", "trace"])
_ANY = st.lists(st.sampled_from(HANDLERS), min_size=1, max_size=4, unique=True).map(tuple)
# By its OPTIONS handler alone, no class is of a kind.
_SOME = _ANY.filter(lambda handlers: handlers != ("options",))
_EXTRA = st.sampled_from([(), (("text", "as given"),), (("http_method_names", ["get", "options"]),)])
register_experiment("views.class_based", st.builds(Classed, _SOME, st.just(()), _VERBS, _EXTRA), _dispatched, _source)
for _entry, _decorated in (("views.method_decorator", HANDLERS), ("views.method_decorator.dispatch", ("dispatch",))):
    _examples = st.builds(Classed, _SOME, st.just(()), _VERBS, decorated=st.sampled_from(_decorated))
    register_experiment(_entry, _examples, _dispatched, _source)
register_experiment(
    "views.class_based.kinds",
    st.builds(
        lambda handlers, some: Classed(handlers, tuple(name for name in handlers if name in some), "get"), _SOME, _ANY
    ),
    _mixed,
    _source,
)


@dataclass(frozen=True)
class Atomic:
    """A view that writes, and raises or not, with ATOMIC_REQUESTS."""

    raises: bool
    title: str
    atomic: bool
    rows: Rows = NUMBERED_POSTS


def _writing_view(request: Any) -> Any:
    from django.http import HttpResponse

    from sample_app.models import Post

    VISIT.journal.sync("view")
    Post.objects.filter(views=0).update(title=request.GET["title"])
    if VISIT.example.raises:
        raise ValueError("after it has written")
    return HttpResponse("written")


async def _refused_view(_: Any) -> Any:
    from django.http import HttpResponse

    return HttpResponse("not to be seen")


def _atomic_surroundings(example: Atomic) -> AbstractContextManager[object]:
    from unittest.mock import patch

    from django.db import connections

    return patch.dict(connections.settings["default"], {"ATOMIC_REQUESTS": example.atomic})


def _clients() -> tuple[Any, Any]:
    from django.test import AsyncClient, Client

    return Client(raise_request_exception=False), AsyncClient(raise_request_exception=False)


_URLS: dict[str, tuple[Any, ...]] = {}


def _at(view: Any) -> AbstractContextManager[object]:
    from django.test import override_settings
    from django.urls import path

    return override_settings(ROOT_URLCONF=_URLS.setdefault(view.__name__, (path("view/", view),)), MIDDLEWARE=[])


def _atomic(stage: Stage, example: Atomic) -> Sides:
    journal = Journal(stage.recorder)
    client, aclient = _clients()

    def sync() -> Any:
        with VISIT.to(example, journal), journal.logging("django.request"), _at(_writing_view):
            return plain_response(client.get("/view/", {"title": example.title}))

    async def asynchronous() -> Any:
        with VISIT.to(example, journal), journal.logging("django.request"), _at(_writing_view):
            return plain_response(await aclient.get("/view/", {"title": example.title}))

    return Sides(sync, asynchronous, held=(journal.state,))


def _atomic_async_view(stage: Stage, example: Atomic) -> Sides:
    """The documentation says that it raises."""
    from django.test import AsyncClient

    journal = Journal(stage.recorder)

    def expected() -> Any:
        if example.atomic:
            raise RuntimeError("You cannot use ATOMIC_REQUESTS with async views.")
        return b"not to be seen"

    async def asynchronous() -> Any:
        with journal.logging("django.request"), _at(_refused_view):
            return (await AsyncClient().get("/view/")).content

    return Sides(expected, asynchronous)


_ATOMIC = st.builds(Atomic, st.booleans(), st.sampled_from(["new", "é", ""]), st.sampled_from([True, True, False]))


def _atomic_source(example: Atomic) -> tuple[str, str]:
    first = f"DATABASES['default']['ATOMIC_REQUESTS'] = {example.atomic}\n# the view updates posts"
    raising = ", then raises" if example.raises else ""
    return f"{first}{raising}\nClient().get('/view/')", "await AsyncClient().get('/view/')"


register_experiment("views.atomic_requests", _ATOMIC, _atomic, _atomic_source, surroundings=_atomic_surroundings)
register_experiment(
    "views.atomic_requests.async_view",
    _ATOMIC,
    _atomic_async_view,
    _atomic_source,
    surroundings=_atomic_surroundings,
)
