"""asgiref between servers and applications: `WsgiToAsgi` under what servers say, and the communicator for tests."""

from __future__ import annotations

import asyncio
import contextlib
import io
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

from asgiref import testing, wsgi
from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.programs import adapted
from conformance.checks.protocols import Request, ask_asgi, ask_wsgi
from conformance.checks.registry import register_experiment
from conformance.checks.stage import Stage
from conformance.checks.subjects.asgi import whole
from conformance.checks.subjects.asgiref_threads import Calls, register
from conformance.strategies import NO_ROWS, Rows

# asgiref says nothing of their types.
_ADAPTER: Any = wsgi.WsgiToAsgi
_COMMUNICATOR: Any = testing.ApplicationCommunicator
# What servers say of themselves and of the client, by the ASGI specification.
SERVERS: dict[str, dict[str, Any]] = {
    "names all": {},
    "no client": {"client": None},
    "no server": {"server": None},
    "a socket file": {"server": ("/run/server.sock", None)},
}


@dataclass(frozen=True)
class Served:
    """A request, what the server says, and whether the application writes to the log of errors."""

    request: Request
    server: str
    logs: bool
    rows: Rows = NO_ROWS


def _application(logs: bool) -> Any:
    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if logs:
            environ["wsgi.errors"].write("a word\n")
            environ["wsgi.errors"].flush()
        told = (environ["SCRIPT_NAME"], environ["PATH_INFO"], environ["QUERY_STRING"], environ["REQUEST_METHOD"])
        headers = sorted((name, value) for name, value in environ.items() if name.startswith("HTTP_"))
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [repr((told, headers)).encode()]

    return application


def _served(_stage: Stage, example: Served) -> Sides:
    """What the application is told does not depend on the server."""
    adapter = _ADAPTER(_application(example.logs))

    async def under_the_server(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await adapter({**scope, **SERVERS[example.server]}, receive, send)

    async def asynchronous() -> Any:
        with contextlib.redirect_stderr(io.StringIO()):
            return whole(await ask_asgi(under_the_server, example.request))

    # A WSGI server's log takes text (PEP 3333); what is written there is no part of the answer.
    return Sides(lambda: whole(ask_wsgi(_application(logs=False), example.request)), asynchronous)


def _requests(*root_paths: str) -> st.SearchStrategy[Request]:
    return st.builds(
        Request,
        st.sampled_from(["/", "/a/path/", "/é/"]),
        st.sampled_from(["GET", "POST"]),
        st.sampled_from(["", "a=1"]),
        root_path=st.sampled_from(root_paths),
        headers=st.sampled_from([(), (("X-Mark", "1"), ("X-Mark", "2"))]),
    )


def _register(name: str, requests: st.SearchStrategy[Request], *servers: str, logs: bool = False) -> None:
    register_experiment(
        f"asgiref.wsgi_to_asgi.{name}",
        st.builds(Served, requests, st.sampled_from(["names all", *servers]), st.sampled_from([logs, False])),
        _served,
        lambda example: (f"{example.request}", f"{SERVERS[example.server]}, writing to the log: {example.logs}"),
        program=lambda title, example: adapted(title, example.request, logs=example.logs, **SERVERS[example.server]),
    )


_register("below_a_path", _requests("", "/app", "/é"))
_register("log", _requests(""), logs=True)
_register("no_client", _requests(""), "no client")
_register("no_server", _requests(""), "no server", "a socket file")
SEEN: ContextVar[str] = ContextVar("conformance_seen", default="nothing")
MANY = 200


async def _repeated(example: Calls) -> Any:
    """A request with one header many times over: refused, unless the limit is lifted."""
    limits = {"default": {}, "none": {"duplicate_header_limit": None}}
    try:
        adapter = _ADAPTER(_application(logs=False), **limits[example.variant])
    except TypeError:
        return "there is no limit"
    request = Request("/", headers=(("X-Mark", "1"),) * (MANY * example.number))
    return (await ask_asgi(adapter, replace(request, method="GET"))).status


async def _communicated(example: Calls) -> Any:
    """The communicator: the application has a context of its own, and what it raises is raised to the test."""
    SEEN.set("the test's")

    async def application(scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        if message["type"] == "fail":
            raise ValueError(scope["path"])
        await send({"type": "said", "seen": SEEN.get()})
        await receive()

    communicator = _COMMUNICATOR(application, {"type": "http", "path": "/"})
    if example.variant == "context":
        await communicator.send_input({"type": "say"})
        said = (await communicator.receive_output(5))["seen"]
        communicator.stop()
        await asyncio.wait([communicator.future])
        return said
    await communicator.send_input({"type": "fail"})
    await asyncio.wait([communicator.future])
    try:
        if example.variant == "input after the end":
            await communicator.send_input({"type": "say"})
        else:
            await communicator.receive_nothing()
    except ValueError:
        return "ValueError"
    return "nothing was raised"


register(
    "wsgi_to_asgi.repeated", ["default", "none"], _repeated, lambda call: {"default": 400, "none": 200}[call.variant]
)
register(
    "communicator",
    ["context", "input after the end", "nothing after the end"],
    _communicated,
    lambda example: "nothing" if example.variant == "context" else "ValueError",
    numbers=1,
)
