"""Defects of a few characters in the code of Django: the suite notices each."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import django
import pytest

from tests.conformance.commands import conform, environ

# Python imports this at its start: the source of one module is another, in every process that is started.
_REPLACING = """\
import json, os
from importlib.machinery import SourceFileLoader
module, after, old, new = json.loads(os.environ["ONE_DEFECT"])
original = SourceFileLoader.get_code
def get_code(self, name):
    if name != module:
        return original(self, name)
    source = self.get_data(self.path).decode()
    at = source.index(after)
    return compile(source[:at] + source[at:].replace(old, new, 1), self.path, "exec")
SourceFileLoader.get_code = get_code
"""


@dataclass(frozen=True)
class Defect:
    """In a module, the first `old` behind the text `after` is `new`, and the cell notices it."""

    module: str
    after: str
    old: str
    new: str
    cell: str


_ASGI, _RELATED = "django.core.handlers.asgi", "django.db.models.fields.related_descriptors"
DEFECTS = (
    Defect(_ASGI, "", 'self.path.startswith(script_name + "/")', "self.path.startswith(script_name)", "PREFIX:result"),
    Defect(_ASGI, "", "set_script_prefix(get_script_prefix(scope))", 'set_script_prefix("")', "PREFIX:result"),
    Defect(_ASGI, "", 'str(self.scope["server"][1])', 'self.scope["server"][1]', "http.request:result"),
    Defect(_ASGI, "", 'if "_" in name:', 'if "_" in name and "-" not in name:', "http.request:result"),
    Defect("django.core.handlers.base", "def get_response_async", "_code >= 400", "_code > 400", "http.response:state"),
    Defect(
        "django.core.cache.backends.base",
        "def aincr_version",
        "await self.adelete",
        "delta and await self.adelete",
        "cache.aincr_version:state",
    ),
    Defect(
        "django.core.cache.backends.locmem",
        "def touch",
        "= self.get_backend_timeout(timeout)",
        "= self.get_backend_timeout(timeout) or self._expire_info[key]",
        "cache.locmem.steps:model",
    ),
    Defect(
        "django.dispatch.dispatcher",
        "async def sync_send():\n                return []\n\n        async def asend_and_wrap_exception",
        "except Exception",
        "except BaseException",
        "signals.asend_robust:result",
    ),
    Defect(
        _RELATED,
        "def create_forward_many_to_many",
        "def remove(self, *objs):\n            self._remove_prefetched_objects()",
        "def remove(self, *objs):",
        "m2m.aremove:model",
    ),
    Defect(
        _RELATED,
        "def create_forward_many_to_many",
        "def clear(self):\n            self._remove_prefetched_objects()",
        "def clear(self):",
        "m2m.aclear:model",
    ),
    Defect(
        _RELATED,
        "def create_reverse_many_to_one_manager",
        "await sync_to_async(self.get_or_create)(**kwargs)",
        "await super(RelatedManager, self).aget_or_create(**kwargs, **{self.field.name: self.instance})",
        "routing.router:state",
    ),
    Defect(
        "django.dispatch.dispatcher",
        "async def asend_robust",
        "responses.append((receiver, err))",
        "pass",
        "signals.asend_robust:result",
    ),
    Defect(
        "django.contrib.auth.decorators",
        "async def _view_wrapper",
        "view_func(request, *args, **kwargs)",
        "view_func(request, *args)",
        "auth.login_required:result",
    ),
    Defect(
        "django.views.decorators.http",
        "async def inner",
        '"Method Not Allowed (%s): %s"',
        '"Not Allowed (%s): %s"',
        "views.decorators.require_http_methods:state",
    ),
    Defect(
        "django.views.decorators.cache",
        "def never_cache",
        '_check_request(request, "never_cache")',
        "pass",
        "views.decorators.never_cache:exception",
    ),
    Defect(
        "django.views.decorators.http",
        "def condition",
        "await func(request, *args, **kwargs)",
        "await func(request, **kwargs)",
        "views.decorators.condition:result",
    ),
    Defect(
        "django.views.decorators.clickjacking",
        "async def",
        'if response.get("X-Frame-Options") is None',
        'if not response.get("X-Frame-Options")',
        "views.decorators.xframe_options_deny:result",
    ),
    Defect(
        "django.utils.decorators",
        "",
        "process_view(request, view_func, args, kwargs)",
        "process_view(request, view_func, args, {})",
        "views.decorators.from_middleware:model",
    ),
    Defect(
        "django.utils.decorators",
        "async def _view_wrapper",
        "_pre_process_request(request, *args, **kwargs)",
        "_pre_process_request(request)",
        "views.decorators.from_middleware:result",
    ),
    Defect(
        "django.views.generic.base",
        "",
        'method != "options" and',
        'method not in ("options", "trace") and',
        "views.class_based.kinds:result",
    ),
    Defect(
        "django.contrib.auth.hashers",
        "async def acheck_password",
        ", preferred=preferred",
        "",
        "auth.hashers.acheck_password:state",
    ),
    Defect(
        "django.contrib.auth.models",
        "async def _auser_has_module_perms",
        "return False\n    return",
        "continue\n    return",
        "auth.user.ahas_module_perms:result",
    ),
    Defect(
        "django.contrib.auth",
        "async def aauthenticate",
        "except PermissionDenied",
        "except Exception",
        "auth.aauthenticate:exception",
    ),
    Defect(
        "django.contrib.auth.backends",
        "async def aauthenticate",
        "UserModel().set_password(password)",
        "pass",
        "auth.model_backend.aauthenticate:state",
    ),
    Defect(
        "django.contrib.auth.models",
        "async def _auser_has_perm",
        "except PermissionDenied",
        "except Exception",
        "auth.user.ahas_perm:exception",
    ),
    Defect(
        "django.contrib.sessions.backends.base",
        "async def _aget_new_session_key",
        "if not await self.aexists(session_key)",
        "if session_key",
        "sessions.db.acreate:statements",
    ),
    Defect(
        "django.http.response",
        "async def __aiter__",
        "warnings.warn(",
        "(lambda *_, **__: None)(",
        "responses.streaming.sync_iterator:result",
    ),
    Defect(
        _RELATED,
        "async def aremove",
        "(*objs, bulk=bulk)",
        "(*objs)",
        "related.aremove.nullable:statements",
    ),
    Defect(
        "django.contrib.sessions.backends.base",
        "async def aget_expiry_age",
        "return delta.days * 86400 + delta.seconds",
        "return max(0, delta.days * 86400 + delta.seconds)",
        "sessions.aget_expiry_age:result",
    ),
    Defect(
        "django.test.client",
        "class AsyncClient(",
        "len(response.context) == 1",
        "len(response.context) >= 1",
        "client.rendered:result",
    ),
    Defect(
        "django.middleware.gzip",
        "",
        'del response.headers["Content-Length"]',
        'response.is_async or response.headers.pop("Content-Length", None)',
        "responses.streaming.gzip:result",
    ),
)


def _has(defect: Defect) -> bool:
    spec = find_spec(defect.module)
    assert spec is not None
    assert spec.origin is not None
    at = (source := Path(spec.origin).read_text("utf-8")).find(defect.after)
    return at >= 0 and defect.old in source[at:]


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: f"{defect.cell} {defect.new or defect.old}")
def test_a_defect_of_a_few_characters_is_noticed(tmp_path: Path, defect: Defect) -> None:
    """With it the cell does not pass, and its seed is the one that it passes with."""
    if not _has(defect):
        pytest.skip("this Django is written in another way")
    (tmp_path / "sitecustomize.py").write_text(_REPLACING, "utf-8")
    more = {
        "PYTHONPATH": os.pathsep.join((str(tmp_path), environ()["PYTHONPATH"])),
        "PYTHONDONTWRITEBYTECODE": "1",
        "ONE_DEFECT": json.dumps([defect.module, defect.after, defect.old, defect.new]),
    }
    cell = defect.cell.replace("PREFIX", "http.request.script_prefix")
    run = conform("run", "--only", cell, "--results", str(tmp_path / "results"), cwd=tmp_path, **more)
    assert run.returncode == 0, run.stderr
    (results,) = (tmp_path / "results").glob("*.jsonl")
    lines = [json.loads(line) for line in results.read_text("utf-8").splitlines()]
    verdicts = [line["verdict"] for line in lines if line["type"] == "cell"]
    if verdicts == ["absent"] and django.VERSION < (5, 0):
        pytest.skip("an older Django does not have it")
    assert verdicts in (["silent"], ["fail"])
