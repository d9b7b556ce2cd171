"""Static files, as the development server serves them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.journal import Journal
from conformance.checks.protocols import Request, ask_asgi, ask_wsgi
from conformance.checks.reference import AN_ANSWER
from conformance.checks.registry import register_experiment
from conformance.checks.sites import VISIT, Site
from conformance.checks.stage import Stage
from conformance.checks.subjects.asgi import Exchange, source, whole

_FOLDER = Path(tempfile.gettempdir()) / f"conformance_static_{os.getpid()}"
_MOMENT = 1_577_872_800
# One of them is read in several parts.
_FILES = {"a.css": b"a { color: red }", "large.css": b"".join(b"%08d" % at for at in range(9000))}


def _plain(_: Any) -> Any:
    from django.http import HttpResponse

    return HttpResponse("not static")


SITE = Site(plain=_plain)


@contextmanager
def _static(example: Exchange) -> Iterator[None]:
    """The site, with a folder of static files; the example says where they are to be found."""
    from django.contrib.staticfiles import finders
    from django.test import override_settings

    _FOLDER.mkdir(exist_ok=True)
    files = [_FOLDER / name for name in _FILES]
    for file in files:
        file.write_bytes(_FILES[file.name])
        os.utime(file, (_MOMENT, _MOMENT))
    overridden = override_settings(
        ROOT_URLCONF=SITE.urlconf,
        MIDDLEWARE=[],
        DEBUG=example.how != "in production",
        STATIC_URL="http://elsewhere/static/" if example.how == "elsewhere" else "/static/",
        STATICFILES_DIRS=[str(_FOLDER)],
        ALLOWED_HOSTS=["*"],
    )
    with overridden:
        finder: Any = finders.get_finder
        finder.cache_clear()
        try:
            yield
        finally:
            finder.cache_clear()
            for file in files:
                file.unlink()
            _FOLDER.rmdir()


def _static_files(stage: Stage, example: Exchange) -> Sides:
    from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler, StaticFilesHandler
    from django.core.handlers.asgi import ASGIHandler
    from django.core.handlers.wsgi import WSGIHandler

    journal = Journal(stage.recorder, threads=())
    wsgi, asgi = StaticFilesHandler(WSGIHandler()), ASGIStaticFilesHandler(ASGIHandler())

    def sync() -> Any:
        with VISIT.to(example, journal), journal.logging("django.request"):
            return _brief(ask_wsgi(wsgi, example.request))

    async def asynchronous() -> Any:
        with VISIT.to(example, journal), journal.logging("django.request"):
            return _brief(await ask_asgi(asgi, example.request))

    return Sides(sync, asynchronous, held=(journal.state,), model=_expected(example))


def _brief(answer: Any) -> Any:
    """The status, and the answer; a page for developers names the handler, and is not compared."""
    shown = whole(answer)
    if isinstance(shown, str):
        return ["", shown]
    return [shown["status"], shown if shown["status"] != 404 else "not found"]


def _expected(example: Exchange) -> tuple[Any, ...]:
    """Of a file that is there 200 or 304, unless another host has it; what is no file is for the application."""
    folder, _, name = example.request.path.rpartition("/")
    if ".." in folder:
        return ()
    if folder == "/static" and name in _FILES and example.how != "elsewhere":
        return ([304 if example.request.headers else 200, AN_ANSWER],)
    return ([200 if folder == "/plain" else 404, AN_ANSWER],)


_PATHS = ["/static/a.css", "/static/large.css", "/static/none.css", "/static/../plain/", "/plain/", "/none/"]
register_experiment(
    "http.static_files",
    st.builds(
        lambda path, method, headers, how: Exchange(Request(path, method, headers=headers), how=how),
        st.sampled_from(_PATHS),
        st.sampled_from(["GET", "HEAD"]),
        st.sampled_from([(), (("If-Modified-Since", "Wed, 01 Jan 2020 10:00:00 GMT"),)]),
        st.sampled_from(["", "", "in production", "elsewhere"]),
    ),
    _static_files,
    source,
    surroundings=_static,
)
