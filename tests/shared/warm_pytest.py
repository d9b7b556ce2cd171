"""What an inner run of pytest imports but the plugin, which is its subject."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import os
import sys
import tempfile

import pytest

# Of what Django has, what can be imported before its settings are known.
_MODULES = (
    "asgiref.sync",
    "django.core.handlers.asgi",
    "django.db.backends.sqlite3.base",
    "django.db.models",
    "django.test",
    "django.template.backends.django",
    "django.urls",
    "django.views.decorators.csrf",
)
_DRIVERS = {"psycopg": "django.db.backends.postgresql.base", "pymysql": "pymysql"}


# What the outer run has told its own processes.
_OF_THE_OUTER_RUN = ("DJANGO_SETTINGS_MODULE", "PYTEST_")
_OPTIONS = [*("-p", "no:async_orm"), *("-p", "no:cacheprovider"), *("-p", "no:randomly"), *("-c", os.devnull)]


def warm_up() -> None:
    """Import them; pytest's plugins by pytest itself, so that their assertions are rewritten as always."""
    for name in [name for name in os.environ if name.startswith(_OF_THE_OUTER_RUN)]:
        del os.environ[name]
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as output:
        ended = pytest.main([*_OPTIONS, "--rootdir", folder, folder])
    assert ended == pytest.ExitCode.NO_TESTS_COLLECTED, output.getvalue()
    for module in _MODULES:
        importlib.import_module(module)
    for driver, module in _DRIVERS.items():
        if importlib.util.find_spec(driver):
            importlib.import_module(module)


def born() -> None:
    """In the child: xdist keeps the path that it was imported with, for its workers."""
    import xdist.plugin

    xdist.plugin._sys_path[:] = sys.path
