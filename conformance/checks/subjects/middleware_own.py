"""Middleware as users write it, of every kind, one inside the other, around views of both kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from asgiref.sync import iscoroutinefunction
from django.utils.decorators import async_only_middleware, sync_and_async_middleware, sync_only_middleware
from django.utils.deprecation import MiddlewareMixin
from hypothesis import strategies as st

from conformance.checks.experiments import Overriding, Sides
from conformance.checks.journal import Journal
from conformance.checks.registry import register_experiment
from conformance.checks.sites import VISIT, Site, plain_response
from conformance.checks.stage import Stage
from conformance.strategies import NO_ROWS, Rows

MOST_LAYERS = 3


@dataclass(frozen=True)
class Stack:
    """Layers from the outside in, each a kind and what it does; and what the view does."""

    layers: tuple[tuple[str, str], ...]
    view: str
    asynchronous_view: bool
    rows: Rows = NO_ROWS

    def does(self, position: int) -> str:
        """What the layer at a position does."""
        return self.layers[position][1]


def _answer(text: str) -> Any:
    from django.http import HttpResponse

    return HttpResponse(text, headers={"X-From": text})


def _step(position: int, what: str, *, coroutine: bool = False) -> str:
    """Note it, and say what the layer does."""
    VISIT.journal.step(position, what, coroutine=coroutine)
    return f"{VISIT.example.does(position)}, {what}"


def _request(position: int, *, coroutine: bool = False) -> Any:
    does = _step(position, "request", coroutine=coroutine)
    if does == "raises, request":
        raise ValueError(f"{position} in the request")
    return _answer(f"answer of {position}") if does == "answers, request" else None


def _response(position: int, response: Any, *, coroutine: bool = False) -> Any:
    if _step(position, "response", coroutine=coroutine) == "raises late, response":
        raise ValueError(f"{position} in the response")
    response[f"X-Layer-{position}"] = f"{response.status_code}"
    return response


class _Mixin(MiddlewareMixin):
    position: int

    def process_request(self, _: Any) -> Any:
        return _request(self.position)

    def process_response(self, _: Any, response: Any) -> Any:
        return _response(self.position, response)


class _Hooks(_Mixin):
    """With the hooks that the handler calls itself."""

    def process_view(self, _: Any, view: Any, args: Any, kwargs: Any) -> Any:
        does = _step(self.position, "view")
        VISIT.journal.step(view.__name__.strip("_a"), args, kwargs, coroutine=False)
        return _answer(f"instead of the view, by {self.position}") if does == "answers for the view, view" else None

    def process_exception(self, _: Any, exception: Exception) -> Any:
        does = _step(self.position, f"exception {exception}")
        return _answer(f"rescue by {self.position}") if does.startswith("rescues") else None

    def process_template_response(self, _: Any, response: Any) -> Any:
        _step(self.position, "template")
        response.context_data["who"] = f"{response.context_data['who']}, {self.position}"
        return response


class _AsyncHooks(_Mixin):
    """With hooks that are coroutine functions, as the documentation allows for those two."""

    async def process_view(self, _: Any, view: Any, args: Any, kwargs: Any) -> Any:  # noqa: ARG002 - Django's
        does = _step(self.position, "view", coroutine=True)
        return _answer(f"instead of the view, by {self.position}") if does == "answers for the view, view" else None

    async def process_template_response(self, _: Any, response: Any) -> Any:
        _step(self.position, "template", coroutine=True)
        response.context_data["who"] = f"{response.context_data['who']}, {self.position}"
        return response


def _function(position: int) -> Callable[[Any], Any]:
    def factory(get_response: Any) -> Any:
        def middleware(request: Any) -> Any:
            early = _request(position)
            return _response(position, early or get_response(request))

        async def amiddleware(request: Any) -> Any:
            early = _request(position, coroutine=True)
            return _response(position, early or await get_response(request), coroutine=True)

        return amiddleware if iscoroutinefunction(get_response) else middleware

    return factory


class _Plain:
    """The class of the documentation's first example: synchronous, without a base class."""

    position: int

    def __init__(self, get_response: Any) -> None:
        self._get_response = get_response

    def __call__(self, request: Any) -> Any:
        early = _request(self.position)
        return _response(self.position, early or self._get_response(request))


def _class(base: type[Any]) -> Callable[[int], Any]:
    return lambda position: type(f"{base.__name__}{position}", (base,), {"position": position})


KINDS: dict[str, Callable[[int], Any]] = {
    "mixin": _class(_Mixin),
    "hooks": _class(_Hooks),
    "async_hooks": _class(_AsyncHooks),
    "plain": _class(_Plain),
    "sync": lambda position: sync_only_middleware(_function(position)),
    "async": lambda position: async_only_middleware(_function(position)),
    "both": lambda position: sync_and_async_middleware(_function(position)),
}
# Django imports middleware by name.
globals().update({f"{kind}_{at}": make(at) for kind, make in KINDS.items() for at in range(MOST_LAYERS)})


def _view(_: Any) -> Any:
    VISIT.journal.step("the view", coroutine=VISIT.example.asynchronous_view)
    return _viewed()


async def _aview(_: Any) -> Any:
    VISIT.journal.step("the view", coroutine=VISIT.example.asynchronous_view)
    return _viewed()


def _viewed() -> Any:
    from django.http import Http404
    from django.template import engines
    from django.template.response import SimpleTemplateResponse

    does = VISIT.example.view
    if does in ("raises", "raises Http404"):
        raise ValueError("in the view") if does == "raises" else Http404("in the view")
    if does in ("renders", "fails to render"):
        text = "{{ who }}" if does == "renders" else "{{ who }}{% include missing %}"
        return SimpleTemplateResponse(engines["django"].from_string(text), {"who": "the view"})
    return None if does == "returns nothing" else _answer("the view")


_SITES = {False: Site(view=_view), True: Site(view=_aview)}


@contextmanager
def surroundings(example: Stack) -> Iterator[None]:
    """The site behind the stack."""
    from django.test import override_settings

    paths = [f"{__name__}.{kind}_{position}" for position, (kind, _) in enumerate(example.layers)]
    with override_settings(ROOT_URLCONF=_SITES[example.asynchronous_view].urlconf, MIDDLEWARE=paths):
        yield


def _through(stage: Stage, example: Stack) -> Sides:
    from django.test import AsyncClient, Client

    journal = Journal(stage.recorder)
    clients = Client(raise_request_exception=False), AsyncClient(raise_request_exception=False)

    def sync() -> Any:
        with VISIT.to(example, journal), journal.logging("django.request"):
            return plain_response(clients[0].get("/view/"))

    async def asynchronous() -> Any:
        with VISIT.to(example, journal), journal.logging("django.request"):
            return plain_response(await clients[1].get("/view/"))

    return Sides(sync, asynchronous, held=(journal.state,), overriding=_overridden())


def _overridden() -> Overriding:
    """`process_response`, as the subclass of a user's own class overrides it."""

    @contextmanager
    def overriding() -> Iterator[Callable[[], int]]:
        with patch.object(_Mixin, "process_response", autospec=True, side_effect=_Mixin.process_response) as hook:
            yield lambda: int(hook.call_count)

    return overriding


def _source(example: Stack) -> tuple[str, str]:
    layers = "\n".join(
        f"{number}: {kind} middleware, which {does}" for number, (kind, does) in enumerate(example.layers)
    )
    view = f"{'async def' if example.asynchronous_view else 'def'} view(request): ...  # it {example.view}"
    return f"# from the outside in:\n{layers}\n{view}\nClient().get('/view/')", "await AsyncClient().get('/view/')"


def _register(entry: str, kinds: list[str], does: list[str], views: list[str]) -> None:
    layer = st.sampled_from([(kind, each) for kind in kinds for each in does])
    layers = st.lists(layer, min_size=1, max_size=MOST_LAYERS).map(tuple)
    examples = st.builds(Stack, layers, st.sampled_from(views), st.booleans())
    register_experiment(entry, examples, _through, _source, surroundings=surroundings)


_DOES = ["passes", "passes", "answers", "raises", "raises late"]
_HOOKED = ["passes", "passes", "answers for the view", "rescues", "raises late"]
_VIEWS = ["answers", "raises", "renders", "raises Http404"]
_register("middleware.mixin", ["mixin"], _DOES, _VIEWS)
_register("middleware.hooks", ["hooks"], _HOOKED, [*_VIEWS, "fails to render", "returns nothing"])
_register("middleware.async_hooks", ["async_hooks"], ["passes", "answers for the view"], _VIEWS)
_register("middleware.sync_only", ["sync", "plain"], _DOES, _VIEWS)
_register("middleware.async_only", ["async"], _DOES, _VIEWS)
_register("middleware.sync_and_async", ["both"], _DOES, _VIEWS)
_register("middleware.mixed", list(KINDS), ["passes", "passes", "passes", "answers", "raises", "rescues"], _VIEWS)
