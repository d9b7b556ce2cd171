"""Middleware of the project's own that a decorator puts around one view, asynchronous as synchronous."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from asgiref.sync import iscoroutinefunction
from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.journal import Journal
from conformance.checks.outcomes import Absent
from conformance.checks.registry import register_experiment
from conformance.checks.sites import VISIT
from conformance.checks.stage import Stage
from conformance.strategies import NO_ROWS, Rows

# What a hook does: it is not there, gives nothing, answers itself, or raises.
_EARLY = ("absent", "nothing", "answers", "raises")


@dataclass(frozen=True)
class Wrapped:
    """What each hook of the middleware does, by its name; what the middleware is made with; what the view does."""

    hooks: tuple[tuple[str, str], ...]
    arguments: tuple[tuple[str, Any], ...] | None
    view: str
    rows: Rows = NO_ROWS


def _answer(text: str) -> Any:
    from django.http import HttpResponse

    return HttpResponse(text)


def _note(*what: Any) -> None:
    # The hooks are on the thread of the view, which is the loop's where the view is asynchronous.
    VISIT.journal.step(*what, coroutine=True)


def _early(name: str, does: str) -> Any:
    def hook(self: Any, request: Any, *given: Any) -> Any:
        shown = [type(each).__name__ if callable(each) else repr(each) for each in given]
        _note(name, self.options, request.path, *shown)
        if does == "raises":
            raise ValueError(f"in {name}")
        return _answer(f"answer of {name}") if does == "answers" else None

    return hook


def _late(name: str, does: str) -> Any:
    def hook(self: Any, _: Any, response: Any) -> Any:
        # A response of a template is rendered later, and nothing but its own hook sees it before.
        rendered = getattr(response, "is_rendered", True)
        _note(name, self.options, type(response).__name__, rendered)
        if does == "raises":
            raise ValueError(f"in {name}")
        if does == "answers":
            return _answer(f"answer of {name}") if name == "process_response" else response
        response["X-Late"] = response.get("X-Late", "") + name
        return response

    return hook


def _middleware(example: Wrapped) -> Any:
    """A class as it was written before there was any other kind: hooks, and none of them asynchronous."""

    def made(self: Any, get_response: Any, **options: Any) -> None:
        self.get_response, self.options = get_response, tuple(options.items())

    late = ("process_response", "process_template_response")
    hooks = {name: (_late if name in late else _early)(name, does) for name, does in example.hooks if does != "absent"}
    return type("Own", (), {"__init__": made, **hooks})


def _returned(number: int, argument: str) -> Any:
    from django.http import HttpResponse
    from django.template import engines
    from django.template.response import SimpleTemplateResponse

    does = VISIT.example.view
    _note("view", number, argument)
    if does == "raises":
        raise LookupError("in the view")
    if does == "renders":
        return SimpleTemplateResponse(engines["django"].from_string("{{ number }}"), {"number": number})
    return HttpResponse(f"{number} {argument}")


def _view(request: Any, number: int, argument: str) -> Any:  # noqa: ARG001
    """A view's docstring, which a decorator keeps."""
    return _returned(number, argument)


async def _aview(request: Any, number: int, argument: str) -> Any:  # noqa: ARG001
    """A view's docstring, which a decorator keeps."""
    return _returned(number, argument)


def _decorated(example: Wrapped, view: Any) -> Any:
    from django.utils.decorators import decorator_from_middleware, decorator_from_middleware_with_args

    if example.arguments is None:
        return decorator_from_middleware(_middleware(example))(view)
    return decorator_from_middleware_with_args(_middleware(example))(**dict(example.arguments))(view)


def _shown(journal: Journal, response: Any, view: Any) -> tuple[Any, ...]:
    if hasattr(response, "render"):
        response = response.render()
    late = response.get("X-Late", "")
    return list(journal.state()[2]), response.content, late, response.status_code, view.__doc__


def _model(example: Wrapped) -> tuple[Any, ...]:
    """Which hooks are called in which order and with what, and what is answered; empty where something is raised."""
    does, options, called = dict(example.hooks), example.arguments or (), []

    def call(name: str, *given: Any) -> str:
        if does[name] != "absent":
            called.append((name, options, *given))
        return does[name]

    def result(body: str, late: str = "") -> tuple[Any, ...]:
        return ((called, body.encode(), late, 200, _view.__doc__),)

    # As of any middleware: who answers first ends it. Unlike in a site, what the hooks before the view and
    # `process_exception` answer is not given to those behind it.
    for name, given in (("process_request", ()), ("process_view", ("function", "(5,)", "{'argument': '!'}"))):
        if (done := call(name, "/path/", *given)) in ("answers", "raises"):
            return result(f"answer of {name}") if done == "answers" else ()
    called.append(("view", 5, "!"))
    if example.view == "raises":
        done = call("process_exception", "/path/", "LookupError('in the view')")
        return result("answer of process_exception") if done == "answers" else ()
    kind, late = ("SimpleTemplateResponse" if example.view == "renders" else "HttpResponse"), ""
    if example.view == "renders" and call("process_template_response", kind, False) == "nothing":
        late = "process_template_response"
    done = call("process_response", kind, True)
    if done in ("answers", "raises"):
        return result("answer of process_response") if done == "answers" else ()
    late += "process_response" if done == "nothing" else ""
    return result("5" if example.view == "renders" else "5 !", late)


def _both(stage: Stage, example: Wrapped) -> Sides:
    from django.test import AsyncRequestFactory, RequestFactory

    journal = Journal(stage.recorder)
    view, aview = _decorated(example, _view), _decorated(example, _aview)
    if not iscoroutinefunction(aview):
        raise Absent("a decorator that is made of middleware gives a synchronous view")
    request, arequest = RequestFactory().get("/path/"), AsyncRequestFactory().get("/path/")

    def sync() -> Any:
        with VISIT.to(example, journal):
            return _shown(journal, view(request, 5, argument="!"), view)

    async def asynchronous() -> Any:
        with VISIT.to(example, journal):
            return _shown(journal, await aview(arequest, 5, argument="!"), aview)

    return Sides(sync, asynchronous, held=(journal.state,), model=_model(example))


def _source(example: Wrapped) -> tuple[str, str]:
    hooks = ", ".join(f"{name} {does}" for name, does in example.hooks if does != "absent")
    maker = "decorator_from_middleware(Own)"
    if example.arguments is not None:
        given = ", ".join(f"{name}={value!r}" for name, value in example.arguments)
        maker = f"decorator_from_middleware_with_args(Own)({given})"
    view = f"# Own: {hooks or 'no hook'}; the view {example.view}\n@{maker}\ndef view(request, number, argument): ..."
    asked = "RequestFactory().get('/path/'), 5, argument='!')"
    return (
        f"{view}\nview({asked}",
        f"{view.replace('def view', 'async def view')}\nawait view(Async{asked}",
    )


def _hooks() -> st.SearchStrategy[tuple[tuple[str, str], ...]]:
    # Half of the time what comes before the view lets it pass, so that what comes after it is reached.
    before = st.sampled_from(["absent", "nothing", "absent", "nothing", *_EARLY])
    drawn = {
        "process_request": before,
        "process_view": before,
        "process_exception": st.sampled_from(_EARLY),
        "process_template_response": st.sampled_from(["absent", "nothing", "nothing", "answers"]),
        "process_response": st.sampled_from(["absent", "nothing", "nothing", "answers", "raises"]),
    }
    return st.fixed_dictionaries(drawn).map(lambda hooks: tuple(hooks.items()))


FROM_MIDDLEWARE = st.builds(
    Wrapped,
    _hooks(),
    st.sampled_from([None, (), (("limit", 5),)]),
    st.sampled_from(["answers", "renders", "raises"]),
)
register_experiment("views.decorators.from_middleware", FROM_MIDDLEWARE, _both, _source)
