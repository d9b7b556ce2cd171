"""The test clients: requests by every method, redirects, cookies, headers."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.instruments import declare
from conformance.checks.journal import Journal
from conformance.checks.outcomes import Absent
from conformance.checks.registry import register_experiment
from conformance.checks.sites import VISIT, Site, body_facts, facts, in_test_environment
from conformance.checks.stage import Stage
from conformance.checks.subjects.client_responses import show
from conformance.checks.twins import overriding_each
from conformance.strategies import NO_ROWS, Rows

VERBS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")


@dataclass(frozen=True)
class Asking:
    """A request: `given` are the keyword arguments of the client's method, of the client those in `client`."""

    view: str
    query: str
    given: tuple[tuple[str, Any], ...]
    client: tuple[tuple[str, Any], ...] = ()
    cookies: tuple[tuple[str, str], ...] = ()
    verb: str = "get"
    rows: Rows = NO_ROWS

    @property
    def path(self) -> str:
        """With the query string."""
        return f"/{self.view}/{self.query}"


def _answer(request: Any) -> Any:
    from django.http import HttpResponse

    if VISIT.example.view in ("fails", "afails"):
        raise ValueError("the view fails")
    response = HttpResponse(repr((facts(request), body_facts(request))), status=202, headers={"X-Answer": "yes"})
    for number in range(len(request.GET)):
        response.set_cookie(f"cookie_{number}", "value", max_age=60 * number, path="/echo/", samesite="Lax")
    return response


def _echo(request: Any) -> Any:
    VISIT.journal.sync("echo", request.method)
    return _answer(request)


async def _aecho(request: Any) -> Any:
    return _answer(request)


def _redirect(request: Any) -> Any:
    """To where the query says, with the status that it says."""
    from django.http import HttpResponseRedirect

    response = HttpResponseRedirect(request.GET["to"])
    response.status_code = int(request.GET.get("status", 302))
    response.set_cookie("on_the_way", request.GET["to"].strip("/") or "root")
    return response


def _render(request: Any) -> Any:
    from django.http import HttpResponse
    from django.template import Context, Template

    texts = [Template("{{ who }}").render(Context({"who": who})) for who in request.GET.getlist("who") or ["nobody"]]
    return HttpResponse(", ".join(texts))


def _json(request: Any) -> Any:
    from django.http import JsonResponse

    return JsonResponse({"query": dict(request.GET.lists())})


SITE = Site(echo=_echo, aecho=_aecho, fails=_echo, afails=_aecho, redirect=_redirect, render=_render, json=_json)


def surroundings(_: Any) -> AbstractContextManager[object]:
    """The site, without middleware."""
    from django.test import override_settings

    return override_settings(ROOT_URLCONF=SITE.urlconf, MIDDLEWARE=[])


@contextmanager
def _instrumented(example: Any) -> Iterator[None]:
    """The same, where templates tell what they render."""
    with in_test_environment(), surroundings(example):
        yield


def _clients(example: Asking) -> tuple[Any, Any]:
    """Both clients, with the example's cookies. Raises `Absent` for an argument that this version does not take."""
    from django.test import AsyncClient, Client

    given = dict(example.client)
    for name in given:
        if name not in inspect.signature(AsyncClient).parameters:
            raise Absent(f"AsyncClient takes no {name}")
    clients = Client(**given), AsyncClient(**given)
    for client in clients:
        for name, value in example.cookies:
            client.cookies[name] = value
    return clients


def _asking(example: Asking, stage: Stage, by_hand: tuple[tuple[str, Any], ...] = ()) -> Sides:
    """`by_hand` is given with the synchronous request, where the asynchronous client has it as a default."""
    first, second = _clients(example)
    sync, asynchronous = getattr(first, example.verb), getattr(second, example.verb)
    given, given_names = dict(example.given), inspect.signature(asynchronous).parameters
    for name in given:
        if name not in given_names:
            raise Absent(f"AsyncClient.{example.verb} takes no {name}")
    # Before Django 5.0 the documentation says that there is no `follow`; by it, TRACE has no `data` in any.
    unpromised = {"follow", *(["data"] if example.verb == "trace" else [])} - {*given_names}
    journal = Journal(stage.recorder)

    def ask() -> Any:
        with VISIT.to(example, journal), journal.logging("django.request"):
            return show(sync(example.path, **given, **dict(by_hand)), first)

    async def aask() -> Any:
        with VISIT.to(example, journal), journal.logging("django.request"):
            return show(await asynchronous(example.path, **given), second)

    return Sides(
        ask,
        aask,
        held=(journal.state,),
        declared=(declare(sync, without=unpromised), declare(asynchronous)),
        overriding=overriding_each((first, second), "request"),
    )


def _source(example: Asking) -> tuple[str, str]:
    def written(pairs: tuple[tuple[str, Any], ...]) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in pairs)

    made = f"client = Client({written(example.client)})\n"
    made += "".join(f"client.cookies[{name!r}] = {value!r}\n" for name, value in example.cookies)
    given = f", {written(example.given)}" if example.given else ""
    call = f"client.{example.verb}({example.path!r}{given})"
    return f"{made}{call}", f"{made.replace('Client', 'AsyncClient')}await {call}"


Pairs = st.SearchStrategy[tuple[tuple[str, Any], ...]]
QUERIES = st.sampled_from(["", "?a=1", "?a=1&a=2&b=%C3%A9", "?empty="])
VIEWS = st.sampled_from(["echo", "aecho", "echo", "aecho", "json"])
_FORMS: tuple[dict[str, Any], ...] = ({}, {"a": "1"}, {"a": ["1", "2"], "b": "é"}, {"n": 3, "text": "x y&z"})
_BODIES = ("", "text", b"\x00\xff", '{"json": "é"}')


def _pairs(**choices: list[Any]) -> Pairs:
    """Keyword arguments, each from a few values; None leaves it out."""
    drawn = st.tuples(*(st.sampled_from(values) for values in choices.values()))
    return drawn.map(lambda values: tuple(pair for pair in zip(choices, values, strict=True) if pair[1] is not None))


_SECURE = [None, True]
_TYPES = [None, "application/json", "text/plain; charset=utf-8"]


def _given(verb: str) -> Pairs:
    if verb in ("get", "head"):
        return _pairs(secure=_SECURE, data=[None, *_FORMS])
    if verb == "trace":
        return _pairs(secure=_SECURE)
    bodies = _pairs(secure=_SECURE, data=list(_BODIES), content_type=_TYPES[1:] if verb == "post" else _TYPES)
    return st.one_of(_pairs(secure=_SECURE, data=[None, *_FORMS]), bodies) if verb == "post" else bodies


def _register(entry: str, examples: st.SearchStrategy[Asking], around: Any = surroundings) -> None:
    register_experiment(entry, examples, lambda stage, example: _asking(example, stage), _source, surroundings=around)


for _verb in VERBS:
    _register(f"client.{_verb}", st.builds(Asking, VIEWS, QUERIES, _given(_verb), verb=st.just(_verb)))

# Any header may be given; of those that the client sends itself, none.
_HEADERS = [{"Accept": "text/html", "X-Mark": "é"}, {"x-mark": "1", "Referer": "/there/"}, {"Cookie": "given=1"}, {}]
_PARAMETERS = [{"a": "1"}, {"a": ["1", "2"], "b": "é&"}, {}]
_VERB = st.sampled_from(["get", "post", "put", "head"])
_JAR = st.sampled_from([(), (("one", "1"),), (("two", "x y"), ("one", "1"))])
_register("client.headers", st.builds(Asking, VIEWS, QUERIES, _pairs(headers=_HEADERS, secure=_SECURE), verb=_VERB))
_register(
    "client.headers.host",
    st.builds(Asking, VIEWS, QUERIES, _pairs(headers=[{"Host": "localhost"}, {"Host": "127.0.0.1:8000"}]), verb=_VERB),
)
_register("client.query_params", st.builds(Asking, VIEWS, QUERIES, _pairs(query_params=_PARAMETERS), verb=_VERB))
_register(
    "client.default_headers",
    st.builds(Asking, VIEWS, QUERIES, _pairs(headers=[None, *_HEADERS[:2]]), _pairs(headers=_HEADERS[:2]), verb=_VERB),
)
# The synchronous client loses them, so that it cannot be the measure.
register_experiment(
    "client.default_query_params",
    st.builds(Asking, VIEWS, st.just(""), st.just(()), _pairs(query_params=_PARAMETERS), verb=_VERB),
    lambda stage, example: _asking(example, stage, by_hand=example.client),
    _source,
    surroundings=surroundings,
)
_register("client.cookies", st.builds(Asking, VIEWS, QUERIES, st.just(()), cookies=_JAR, verb=_VERB))
_register(
    "client.exceptions",
    st.builds(
        Asking,
        st.sampled_from(["fails", "afails", "echo"]),
        QUERIES,
        _pairs(data=[None, {"a": "1"}]),
        _pairs(raise_request_exception=[None, True, False]),
        verb=st.sampled_from(["get", "post"]),
    ),
)
_register(
    "client.rendered",
    st.builds(
        Asking, st.just("render"), st.sampled_from(["", "?who=ada", "?who=%3Cb%3E", "?who=ada&who=bob"]), st.just(())
    ),
    _instrumented,
)


def _following(*queries: str, **more: list[Any]) -> st.SearchStrategy[Asking]:
    """By each verb, whose methods follow by themselves; `trace` has no data to send again."""

    def asking(verb: str) -> st.SearchStrategy[Asking]:
        data = {} if verb == "trace" else {"data": [None, {"a": "1"}]}
        given = _pairs(follow=[True], **data, headers=[None, {"X-Mark": "1"}], **more)
        drawn = st.sampled_from(queries)
        return st.builds(Asking, st.just("redirect"), drawn, given, cookies=_JAR, verb=st.just(verb))

    return st.one_of([asking(verb) for verb in VERBS])


def _target(url: str) -> str:
    from urllib.parse import quote

    return quote(url, safe="")


_TWICE = _target(f"/redirect/?to={_target('/echo/?c=3')}")
_register(
    "client.follow",
    _following(
        *(f"?to={_target(f'/echo/?b={status}')}&status={status}" for status in (301, 302, 303)),
        f"?to={_TWICE}",
        f"?to={_target('/aecho/')}",
        f"?to={_target('/nowhere/')}",
        f"?to={_target('/redirect/?to=/redirect/')}&status=301",
    ),
)
_register(
    "client.follow.preserving_method",
    _following(*(f"?to={_target('/echo/?b=2')}&status={status}" for status in (307, 308)), "?to=/aecho/&status=307"),
)
# They say where to, since they take the place of the path's query.
_register(
    "client.follow.query_params",
    _following(
        "",
        query_params=[
            {"to": "/echo/?b=2", "status": 303, "a": "é&"},
            {"to": "/aecho/", "status": 301, "a": ["1", "2"]},
            {"to": "/echo/", "a": "1"},
        ],
    ),
)
_register("client.follow.relative", _following(f"?to={_target('../echo/')}", f"?to={_target('../aecho/?b=2')}"))
_register(
    "client.follow.other_host",
    _following(f"?to={_target('https://localhost/echo/')}", f"?to={_target('http://localhost:8080/echo/?b=2')}"),
)
