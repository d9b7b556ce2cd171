"""What is asked of each of Django's own middleware that needs no database."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

from conformance.checks.subjects.middleware import ACTS, Ask, Page, Walk, register, walk, walks

_M = "django.middleware."
_LONG = b"a line that is long enough to be compressed\n" * 8


def _asks(verbs: tuple[str, ...] = ("get",), *headers: dict[str, str], path: str = "/page/") -> list[tuple[Ask, ...]]:
    """One request each."""
    chosen = headers or ({},)
    return [
        (Ask(path, verb, tuple(header.items()), secure=secure),)
        for verb, header, secure in product(verbs, chosen, (False, True))
    ]


def _language(request: Any) -> Any:
    from django.utils import translation

    return translation.get_language(), request.LANGUAGE_CODE, translation.gettext("Monday")


def _nonce(request: Any) -> Any:
    from django.middleware.csp import get_nonce  # type: ignore[import-not-found, unused-ignore]

    return bool(get_nonce(request))


def _site(request: Any) -> Any:
    return request.site.name, request.site.domain


def _token(request: Any) -> Any:
    from django.middleware.csrf import get_token

    return len(get_token(request))


ACTS.update(language=_language, nonce=_nonce, site=_site, token=_token)

register(
    "middleware.security",
    walks(
        (f"{_M}security.SecurityMiddleware",),
        [
            {},
            {"SECURE_HSTS_SECONDS": 60, "SECURE_HSTS_INCLUDE_SUBDOMAINS": True, "SECURE_HSTS_PRELOAD": True},
            {"SECURE_SSL_REDIRECT": True, "SECURE_SSL_HOST": "safe.example"},
            {"SECURE_SSL_REDIRECT": True, "SECURE_REDIRECT_EXEMPT": ["^page"]},
            {"SECURE_REFERRER_POLICY": ["no-referrer", "origin"], "SECURE_CONTENT_TYPE_NOSNIFF": False},
            {"SECURE_CROSS_ORIGIN_OPENER_POLICY": None},
        ],
        [*_asks(("get", "post")), *_asks(path="/other/?a=1")],
        [Page(), Page(status=404), Page(headers=(("Strict-Transport-Security", "own"),))],
    ),
)
register(
    "middleware.common",
    walks(
        (f"{_M}common.CommonMiddleware",),
        [
            {},
            {"APPEND_SLASH": False},
            {"PREPEND_WWW": True, "ALLOWED_HOSTS": ["*"]},
            {"DISALLOWED_USER_AGENTS": [re.compile("^bad")]},
            {"DEBUG": True},
        ],
        [
            *_asks(("get", "post", "head"), {}, {"User-Agent": "bad robot"}),
            *_asks(path="/page"),
            *_asks(path="/none?a"),
        ],
        [Page(), Page(headers=(("Content-Length", "3"),)), Page(parts=(b"one", b"two")), Page(status=404)],
    ),
)
register(
    "middleware.gzip",
    walks(
        (f"{_M}gzip.GZipMiddleware",),
        [{}],
        _asks(
            ("get",), {}, {"Accept-Encoding": "gzip"}, {"Accept-Encoding": "br, gzip;q=0.5"}, {"Accept-Encoding": "br"}
        ),
        [
            Page(),
            Page(_LONG),
            Page(_LONG, headers=(("ETag", '"strong"'), ("Vary", "Cookie"))),
            Page(_LONG, headers=(("Content-Encoding", "br"),)),
            Page(parts=(_LONG, b"", b"end")),
            Page(bytes(range(220))),
        ],
    ),
)
_MOMENT = "Wed, 01 Jan 2020 10:00:00 GMT"
register(
    "middleware.conditional_get",
    walks(
        (f"{_M}http.ConditionalGetMiddleware",),
        [{}],
        _asks(
            ("get", "head", "post"),
            {},
            {"If-None-Match": '"one"'},
            {"If-None-Match": '"two", "one"'},
            {"If-Modified-Since": _MOMENT},
        ),
        [
            Page(),
            Page(headers=(("ETag", '"one"'),)),
            Page(headers=(("Last-Modified", _MOMENT),)),
            Page(headers=(("Cache-Control", "no-store"),)),
            Page(parts=(b"part",)),
            Page(status=404),
        ],
    ),
)
register(
    "middleware.locale",
    walks(
        (f"{_M}locale.LocaleMiddleware",),
        [{}, {"LANGUAGES": [("en", "English"), ("de", "German")]}, {"LANGUAGE_CODE": "fr"}],
        _asks(
            ("get",),
            {},
            {"Accept-Language": "de"},
            {"Accept-Language": "fr;q=0.5, de;q=0.8"},
            {"Accept-Language": "xx"},
        ),
        [Page(acts="language"), Page(acts="language", headers=(("Content-Language", "own"),))],
    ),
)
register(
    "middleware.clickjacking",
    walks(
        (f"{_M}clickjacking.XFrameOptionsMiddleware",),
        [{}, {"X_FRAME_OPTIONS": "SAMEORIGIN"}],
        _asks(("get", "post")),
        [Page(), Page(headers=(("X-Frame-Options", "own"),)), Page(parts=(b"part",))],
    ),
)
_POLICY = {"default-src": ["'self'"], "script-src": ["'self'", "https://cdn.example"]}
register(
    "middleware.csp",
    walks(
        (f"{_M}csp.ContentSecurityPolicyMiddleware",),
        [{}, {"SECURE_CSP": _POLICY}, {"SECURE_CSP": _POLICY, "SECURE_CSP_REPORT_ONLY": {"img-src": ["*"]}}],
        _asks(("get", "post")),
        [Page(acts="nonce"), Page(headers=(("Content-Security-Policy", "own"),)), Page(status=500)],
    ),
)
register(
    "middleware.current_site",
    walks(
        ("django.contrib.sites.middleware.CurrentSiteMiddleware",),
        [{"ALLOWED_HOSTS": ["*"], "USE_X_FORWARDED_HOST": True}],
        _asks(("get",), {}, {"X-Forwarded-Host": "other.example"}),
        [Page(acts="site")],
    ),
)


def _forms() -> list[tuple[Ask, ...]]:
    """With and without a token, from here and from elsewhere; the second time with the token of the first."""
    first = Ask()
    token = "r1".ljust(32, "x")
    good: dict[str, Any] = {"data": {"csrfmiddlewaretoken": token}}
    return [
        (Ask(verb="post"),),
        (first, Ask(verb="post")),
        (first, Ask(verb="post", **good)),
        (first, Ask(verb="post", headers=(("X-CSRFToken", token),))),
        (first, Ask(verb="put", headers=(("X-CSRFToken", "wrong"),))),
        (Ask(secure=True), Ask(verb="post", secure=True, **good)),
        (Ask(secure=True), Ask(verb="post", headers=(("Referer", "https://testserver/"),), secure=True, **good)),
        (first, Ask(verb="post", headers=(("Origin", "https://bad.example"),), **good)),
        (first, Ask(verb="post", headers=(("Origin", "https://good.example"),), **good)),
    ]


register(
    "middleware.csrf",
    walks(
        (f"{_M}csrf.CsrfViewMiddleware",),
        [
            {},
            {"CSRF_TRUSTED_ORIGINS": ["https://good.example"]},
            {"CSRF_COOKIE_NAME": "own", "CSRF_COOKIE_SECURE": True},
        ],
        _forms(),
        [Page(acts="token"), Page()],
    ),
)


def _count(_: Any) -> Any:
    """How often the view was called."""
    VISITS.append(None)
    return len(VISITS)


VISITS: list[None] = []
ACTS["count"] = _count


def _cached(stage: Any, example: Walk) -> Any:
    VISITS.clear()
    return walk(stage, example)


register(
    "middleware.cache",
    walks(
        (f"{_M}cache.UpdateCacheMiddleware", f"{_M}cache.FetchFromCacheMiddleware"),
        [{"CACHE_MIDDLEWARE_SECONDS": 60}, {"CACHE_MIDDLEWARE_SECONDS": 0}, {"CACHE_MIDDLEWARE_KEY_PREFIX": "own"}],
        [
            (Ask(), Ask()),
            (Ask(), Ask(verb="head")),
            (Ask(verb="post"), Ask()),
            (Ask(), Ask("/page/?a=1"), Ask("/page/?a=1")),
            (Ask(headers=(("Accept-Language", "de"),)), Ask(headers=(("Accept-Language", "fr"),))),
        ],
        [
            Page(acts="count"),
            Page(acts="count", headers=(("Vary", "Accept-Language"),)),
            Page(acts="count", headers=(("Cache-Control", "private"),)),
            Page(acts="count", headers=(("Cache-Control", "max-age=30"),)),
            Page(acts="count", status=404),
        ],
    ),
    _cached,
)
