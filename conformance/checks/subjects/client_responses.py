"""What a response of a test client has, with all that the client adds to it."""

from __future__ import annotations

from typing import Any

from conformance.checks.sites import masked, plain_response


def show(response: Any, client: Any) -> dict[str, Any]:
    """The response with what the test client adds to it."""
    chain = getattr(response, "redirect_chain", None)
    return {
        **plain_response(response),
        "redirects": chain,
        "jar": sorted(masked(morsel.OutputString()) for morsel in client.cookies.values()),
        "templates": len(response.templates),
        "context": (type(response.context).__name__, response.context["who"]) if response.context else None,
        "view": response.resolver_match.url_name,
        "same": response.client is client,
        "asked": _asked(response.request),
        "json": _json_of(response),
        "raised": type(response.exc_info[1]).__name__ if response.exc_info else None,
    }


def _asked(request: dict[str, Any]) -> tuple[str, str]:
    """The method and the path of what was asked: one client keeps an environment, the other a scope."""
    wsgi = "REQUEST_METHOD" in request
    return request["REQUEST_METHOD" if wsgi else "method"], request["PATH_INFO" if wsgi else "path"]


def _json_of(response: Any) -> Any:
    """The body as JSON, or why it is none."""
    try:
        return response.json()
    except ValueError as error:
        return str(error)
