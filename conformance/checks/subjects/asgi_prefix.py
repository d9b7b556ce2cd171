"""The path of a request below a prefix, which a server takes away or a setting names."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from hypothesis import strategies as st

from conformance.checks.protocols import Request
from conformance.checks.registry import register_experiment
from conformance.checks.sites import VISIT, Site
from conformance.checks.subjects.asgi import Exchange, asked_both, source


def _linking(request: Any) -> Any:
    from django.http import HttpResponse
    from django.urls import get_script_prefix, reverse

    links = reverse("told"), get_script_prefix(), request.path_info
    # Of a prefix that the server has taken away, WSGI makes the path again.
    seen = () if VISIT.example.request.stripped else (request.build_absolute_uri("next"),)
    return HttpResponse(repr((*links, *seen)))


async def _alinking(request: Any) -> Any:
    return _linking(request)


SITE = Site(linking=_linking, alinking=_alinking, told=_linking)


def surroundings(example: Exchange) -> AbstractContextManager[object]:
    """The site, without middleware, under the settings of the example."""
    from django.test import override_settings

    return override_settings(ROOT_URLCONF=SITE.urlconf, MIDDLEWARE=[], ALLOWED_HOSTS=["*"], **dict(example.settings))


# A prefix, whether a server in front has taken it away, and what the setting says instead of the server. A path of the
# application may begin as the prefix does.
_PREFIXES = (
    *(("", False, None), ("/app", False, None), ("/deep/er", False, None), ("/app", True, None)),
    *(("/lin", True, None), ("/alin", True, None), ("/forced", False, "/forced"), ("", True, "/forced")),
)


def _under(path: str, query: str, prefix: tuple[str, bool, str | None], scheme: str) -> Exchange:
    root_path, stripped, forced = prefix
    request = Request(path, query=query, root_path=root_path, stripped=stripped, scheme=scheme)
    return Exchange(request, settings=(("FORCE_SCRIPT_NAME", forced),) if forced else ())


register_experiment(
    "http.request.script_prefix",
    st.builds(
        _under,
        st.sampled_from(["/linking/", "/alinking/"]),
        st.sampled_from(["", "a=1"]),
        st.sampled_from(_PREFIXES),
        st.sampled_from(["http", "https"]),
    ),
    asked_both,
    source,
    surroundings=surroundings,
)
