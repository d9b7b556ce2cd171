"""Django's decorators of views, on an asynchronous view as on a synchronous one."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any

from asgiref.sync import iscoroutinefunction
from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.instruments.clock import restart, still
from conformance.checks.journal import Journal
from conformance.checks.outcomes import Absent
from conformance.checks.registry import register_experiment
from conformance.checks.sites import ARGUMENT, NUMBER, VISIT, masked, plain_response
from conformance.checks.stage import Stage
from conformance.strategies import NO_ROWS, Rows


@dataclass(frozen=True)
class Decorated:
    """A view under a decorator of `path` (called with `arguments`, unless they are None), and a request.

    `body` and `headers` are the view's response.
    """

    path: str
    arguments: tuple[tuple[Any, ...], tuple[tuple[str, Any], ...]] | None
    verb: str
    sent: tuple[tuple[str, str], ...]
    body: bytes
    headers: tuple[tuple[str, str], ...]
    rows: Rows = NO_ROWS


def etag(request: Any, number: int, *, argument: str) -> str | None:
    """For `condition`, which gives it what the view is given."""
    tag = request.GET.get("tag", "one")
    return f'"{tag}"' if (number, argument) == (NUMBER, ARGUMENT) else '"of another view"'


def modified(_: Any, number: int, *, argument: str) -> datetime:
    """For `condition`, which gives it what the view is given."""
    return datetime(2020 if (number, argument) == (NUMBER, ARGUMENT) else 2021, 1, 1, 10, tzinfo=timezone.utc)


def _response(number: int, argument: str) -> Any:
    from django.http import HttpResponse

    example = VISIT.example
    response = HttpResponse(b"%s%d%s" % (example.body, number, argument.encode()))
    for name, value in example.headers:
        response[name] = value
    return response


def _view(request: Any, number: int, argument: str) -> Any:
    """A view's docstring, which a decorator keeps."""
    VISIT.journal.sync("view", request.method)
    return _response(number, argument)


async def _aview(request: Any, number: int, argument: str) -> Any:
    """A view's docstring, which a decorator keeps."""
    VISIT.journal.coroutine("view", request.method)
    return _response(number, argument)


def _decorate(example: Decorated, view: Any) -> Any:
    """Raises `Absent` where this version has no such decorator."""
    module, _, name = example.path.rpartition(".")
    try:
        decorator = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise Absent(f"there is no {example.path}") from error
    if example.arguments is None:
        return decorator(view)
    args, kwargs = example.arguments
    return decorator(*args, **dict(kwargs))(view)


def _marks(view: Any, request: Any) -> dict[str, Any]:
    """What the decorator has left on the view and on the request."""
    names = ("csrf_exempt", "should_append_slash", "login_required", "__doc__")
    left = ("_dont_enforce_csrf_checks", "sensitive_post_parameters", "csrf_processing_done")
    return {
        "view": {name: getattr(view, name, None) for name in names},
        "request": {name: getattr(request, name, None) for name in left},
    }


def _shown(response: Any) -> dict[str, Any]:
    shown = plain_response(response)
    for name in ("xframe_options_exempt", "_csp_config", "_csp_ro_config"):
        shown[name] = getattr(response, name, None)
    if response.get("Content-Encoding") == "gzip":
        import gzip

        shown["body"] = ("gzip", gzip.decompress(response.content))
        shown["headers"] = [pair for pair in shown["headers"] if pair[0] != "content-length"]
    return {name: masked(value) if isinstance(value, str) else value for name, value in shown.items()}


# A decorator of functions on a method, whose first argument is no request: some say so.
_NO_REQUEST = "no request"
_EVERY = 8


def _vary(example: Decorated, turn: int) -> Decorated:
    return example if turn % _EVERY != _EVERY // 2 else replace(example, verb=_NO_REQUEST)


def _request(factory: Any, example: Decorated, *, asgi: bool) -> Any:
    if example.verb == _NO_REQUEST:
        return SimpleNamespace(method="GET")
    sent = dict(example.sent)
    query = sent.pop("query", "")
    factory.cookies.load(sent.pop("Cookie", ""))
    named = {name if asgi else f"HTTP_{name.upper().replace('-', '_')}": value for name, value in sent.items()}
    return getattr(factory, example.verb)(f"/?{query}", **named)


def _both(stage: Stage, example: Decorated) -> Sides:
    from django.test import AsyncRequestFactory, RequestFactory

    restart()
    journal = Journal(stage.recorder)
    view, aview = _decorate(example, _view), _decorate(example, _aview)
    if not iscoroutinefunction(aview):
        raise Absent(f"{example.path} gives a synchronous view")
    request = _request(RequestFactory(), example, asgi=False)
    arequest = _request(AsyncRequestFactory(), example, asgi=True)

    def sync() -> Any:
        with VISIT.to(example, journal), journal.logging("django.request"), journal.logging("django.security.csrf"):
            return _shown(view(request, NUMBER, argument=ARGUMENT)), _marks(view, request)

    async def asynchronous() -> Any:
        with VISIT.to(example, journal), journal.logging("django.request"), journal.logging("django.security.csrf"):
            response = await aview(arequest, NUMBER, argument=ARGUMENT)
            return _shown(response), _marks(aview, arequest)

    # The kind of view is noted in its own way on each side.
    return Sides(sync, asynchronous, held=(lambda: sorted(journal.events()), journal.logged))


def _source(example: Decorated) -> tuple[str, str]:
    name = example.path.rpartition(".")[2]
    if example.arguments is not None:
        args, kwargs = example.arguments
        name += f"({', '.join([*map(repr, args), *(f'{key}={value!r}' for key, value in kwargs)])})"
    answer = f"return HttpResponse({example.body!r}, headers={example.headers})"
    view = f"@{name}\ndef view(request, number, argument):\n    {answer}"
    asked = f".{example.verb}('/', {dict(example.sent)}), {NUMBER}, argument={ARGUMENT!r})"
    awaited = view.replace("def view", "async def view")
    if example.verb == _NO_REQUEST:
        asked = f"SimpleNamespace(method='GET'), {NUMBER}, argument={ARGUMENT!r})"
        return f"{view}\nview({asked}", f"{awaited}\nawait view({asked}"
    return f"{view}\nview(RequestFactory(){asked}", f"{awaited}\nawait view(AsyncRequestFactory(){asked}"


Arguments = tuple[tuple[Any, ...], dict[str, Any]] | None
_V = "django.views.decorators."
_PLAIN: list[dict[str, str]] = [{}]
_LONG = b"a line that is long enough\n" * 10


def _register(
    path: str,
    arguments: list[Any],
    *,
    verbs: tuple[str, ...] = ("get", "post"),
    sent: list[dict[str, str]] = _PLAIN,
    bodies: tuple[bytes, ...] = (b"", b"a body"),
    headers: tuple[tuple[tuple[str, str], ...], ...] = ((),),
) -> None:
    """Arguments are None (the decorator is not called), or a pair of positional and keyword arguments."""
    given = [None if each is None else (tuple(each[0]), tuple(each[1].items())) for each in arguments]
    examples = st.builds(
        Decorated,
        st.just(path),
        st.sampled_from(given),
        st.sampled_from(verbs),
        st.sampled_from([tuple(each.items()) for each in sent]),
        st.sampled_from(bodies),
        st.sampled_from(headers),
    )
    name = path.rpartition(".")[2].lower()
    register_experiment(
        f"views.decorators.{name}", examples, _both, _source, surroundings=lambda _: still(), vary=_vary
    )


def _args(*args: Any, **kwargs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return args, kwargs


_register(
    f"{_V}cache.cache_control",
    [_args(max_age=5), _args(private=True), _args(no_store=True, max_age=0), _args(public=True, s_maxage=9)],
    headers=((), (("Cache-Control", "max-age=3, public"),)),
)
_register(f"{_V}cache.never_cache", [None], headers=((), (("Cache-Control", "max-age=3"),)))
_register(f"{_V}common.no_append_slash", [None])
for _name in ("csrf_exempt", "csrf_protect", "ensure_csrf_cookie", "requires_csrf_token"):
    _register(f"{_V}csrf.{_name}", [None], sent=[{}, {"Cookie": "csrftoken=" + "x" * 32}, {"X-CSRFToken": "bad"}])
_register(
    f"{_V}debug.sensitive_post_parameters", [_args(), _args("password"), _args("password", "code")], verbs=("post",)
)
_register(f"{_V}debug.sensitive_variables", [_args(), _args("argument"), _args("one", "argument")])
_register(
    f"{_V}gzip.gzip_page",
    [None],
    sent=[{}, {"Accept-Encoding": "gzip"}, {"Accept-Encoding": "br"}],
    bodies=(b"short", _LONG),
    headers=((), (("ETag", '"strong"'),)),
)
_CONDITIONS = [
    {},
    {"If-None-Match": '"one"'},
    {"If-None-Match": '"two"'},
    {"If-Match": '"two"'},
    {"If-Modified-Since": "Wed, 01 Jan 2020 10:00:00 GMT"},
    {"If-Unmodified-Since": "Wed, 01 Jan 2019 10:00:00 GMT"},
    {"If-None-Match": '"two"', "query": "tag=two"},
]
_ALL = ("get", "head", "post", "put")
_register(
    f"{_V}http.condition",
    [_args(etag), _args(None, modified), _args(etag_func=etag, last_modified_func=modified)],
    verbs=_ALL,
    sent=_CONDITIONS,
)
_register(f"{_V}http.conditional_page", [None], verbs=_ALL, sent=_CONDITIONS, headers=((), (("ETag", '"one"'),)))
_register(f"{_V}http.etag", [_args(etag)], verbs=_ALL, sent=_CONDITIONS)
_register(f"{_V}http.last_modified", [_args(modified)], verbs=_ALL, sent=_CONDITIONS)
_register(f"{_V}http.require_http_methods", [_args(["GET", "PUT"]), _args(["POST"])], verbs=_ALL)
for _name in ("require_GET", "require_POST", "require_safe"):
    _register(f"{_V}http.{_name}", [None], verbs=_ALL)
_register(
    f"{_V}vary.vary_on_headers", [_args("Accept"), _args("Accept", "Cookie")], headers=((), (("Vary", "Cookie"),))
)
_register(f"{_V}vary.vary_on_cookie", [None], headers=((), (("Vary", "Accept"),)))
for _name in ("xframe_options_deny", "xframe_options_sameorigin", "xframe_options_exempt"):
    _register(
        f"{_V}clickjacking.{_name}", [None], headers=((), (("X-Frame-Options", "own"),), (("X-Frame-Options", ""),))
    )
for _name in ("csp_override", "csp_report_only_override"):
    _register(f"{_V}csp.{_name}", [_args({"default-src": ["'self'"]}), _args({})])
