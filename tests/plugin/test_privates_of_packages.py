"""Everything of pytest, of pytest-django and of drivers that the plugin leans on is where it was seen."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from pytest_async_orm.items import is_of
from pytest_async_orm.patches.pytest_names import FOR_UNITTEST, fixtures_of


def test_processes_of_pytester() -> None:
    """The tests start their inner runs in warm processes, by the method through which pytest's own `pytester` does."""
    parameters = inspect.signature(pytest.Pytester.popen).parameters
    assert list(parameters)[:5] == ["self", "cmdargs", "stdout", "stderr", "stdin"], (
        "pytester.popen has other parameters now: see the fixture `run` in tests/plugin/conftest.py"
    )
    assert "self.popen(" in inspect.getsource(pytest.Pytester.run), (
        "pytester.run starts processes in another way now: see the fixture `run` in tests/plugin/conftest.py"
    )


def test_paths_of_xdist() -> None:
    """pytest-xdist hands its workers the path that it has kept when it was imported."""
    plugin = pytest.importorskip("xdist.plugin")
    assert isinstance(plugin._sys_path, list), (
        "xdist.plugin has no list _sys_path any more: see tests/shared/warm_pytest.py"
    )


def test_native_connections() -> None:
    """django-async-backend opens every connection by the method that is replaced to refuse it."""
    backend = pytest.importorskip("django_async_backend.db.backends.base.base")
    wrapper = backend.BaseAsyncDatabaseWrapper
    assert inspect.iscoroutinefunction(wrapper.ensure_connection), (
        "django-async-backend opens connections in another way now: see sharing/refused.py"
    )
    assert "await self.ensure_connection()" in inspect.getsource(wrapper)


def test_helper_fixture_of_pytest_django() -> None:
    """The sandbox starts after pytest-django's helper fixture."""
    from pytest_django import fixtures

    assert hasattr(fixtures, "_django_db_helper"), (
        "pytest-django has no fixture _django_db_helper any more: hooks/isolation.py starts the sandbox after it"
    )


def test_class_fixture_of_pytest_django(request: pytest.FixtureRequest) -> None:
    """pytest-django's own fixture of the scope class is part of every test, of a function outside of a class too."""
    found = fixtures_of(request.node).get(FOR_UNITTEST, ())
    assert [(one.scope, is_of(one, "pytest_django")) for one in found] == [("class", True)], (
        f"pytest-django has no fixture {FOR_UNITTEST} any more: plugin.py surrounds another one for nothing"
    )


def test_marker_signature_of_pytest_django() -> None:
    """The arguments of the django_db mark are read by pytest-django's own function."""
    from pytest_django.fixtures import validate_django_db

    found = validate_django_db(pytest.mark.django_db(transaction=True, databases=["other"]).mark)
    assert (found[0], found[1], found[2]) == (True, False, ["other"]), (
        "pytest_django.fixtures.validate_django_db gives other values now: see patches/pytest_names.py"
    )


def test_fixture_record_of_pytest(request: pytest.FixtureRequest) -> None:
    """Whether a test uses async fixtures is read from pytest's record of them."""
    definitions = getattr(getattr(request.node, "_fixtureinfo", None), "name2fixturedefs", {})
    assert "request" in request.fixturenames
    assert all(hasattr(definition, "func") for found in definitions.values() for definition in found), (
        "pytest's items have no _fixtureinfo.name2fixturedefs any more: items.is_async would miss async fixtures"
    )


@pytest.mark.django_db
@pytest.mark.async_orm_sandbox("off")
def test_status_of_the_driver(db: None) -> None:
    """Each driver tells whether its connection is closed and, but for mysqlclient, whether a transaction is open."""
    from django.db import connection

    from pytest_async_orm.drivers.dialects import dialect_for

    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO sample_app_tag (name) VALUES ('a')")
    dialect = dialect_for(connection.vendor, connection.connection)
    assert dialect is not None
    assert (dialect.closed(), dialect.alive()) == (False, True), (
        f"the driver of {connection.vendor} tells its state in another way now: see drivers/dialects.py"
    )


def test_socket_of_pymysql() -> None:
    """Whether a server still has a connection of PyMySQL's is asked of its socket."""
    pymysql = pytest.importorskip("pymysql")
    assert "_sock" in inspect.getsource(pymysql.connections.Connection), (
        "PyMySQL's connections have no _sock any more: see drivers/servers.py"
    )


def test_slots_of_a_pool() -> None:
    """psycopg's pool gives and takes connections by these methods of the class in this module."""
    pool = pytest.importorskip("psycopg_pool.pool").ConnectionPool
    assert {"getconn", "putconn"} <= set(vars(pool)), (
        "psycopg_pool's ConnectionPool has no getconn() or putconn() of its own any more: see leaks/pools.py"
    )


def test_threads_of_trio() -> None:
    """Whoever hands a call to one of trio's threads comes by `start_thread_soon`."""
    module = pytest.importorskip("trio._core._thread_cache")
    assert list(inspect.signature(module.ThreadCache.start_thread_soon).parameters)[:3] == ["self", "fn", "deliver"], (
        "trio's ThreadCache starts threads in another way now: see frames/handoff.py"
    )
    assert hasattr(pytest.importorskip("trio").lowlevel, "current_task")


def test_threads_of_anyio() -> None:
    """Whoever hands a call to one of anyio's threads comes by the backend's class method."""
    module = pytest.importorskip("anyio._backends._asyncio")
    parameters = inspect.signature(module.AsyncIOBackend.run_sync_in_worker_thread).parameters
    assert next(iter(parameters)) == "func", "anyio's backend hands calls over in another way: see frames/handoff.py"


def test_units_of_work() -> None:
    """The functions that serve a request, a message or a task are where they were seen, where the package is there."""
    from importlib.util import find_spec

    from pytest_async_orm.patches.places import UNITS

    looked_at = 0
    for file, names in UNITS.items():
        package = find_spec(file.partition("/")[0])
        path = Path(next(iter(package.submodule_search_locations or ()))).parent / file if package else None
        if path is None or (not path.is_file() and file.startswith("django/tasks/")):
            continue
        source = path.read_text(encoding="utf-8")
        missing = [name for name in names.split() if f"def {name}(" not in source]
        assert not missing, f"{file} has no {', '.join(missing)} any more: see patches/places.py"
        looked_at += 1
    assert looked_at >= 4


def test_names_of_places() -> None:
    """asgiref runs a call that is handed back, and Django a statement through wrappers, by the names that are known."""
    from asgiref import current_thread_executor
    from django.db.backends.utils import CursorWrapper

    from pytest_async_orm.patches.places import HANDED_BACK, RUNS_WRAPPERS

    assert f"def {HANDED_BACK}(" in inspect.getsource(current_thread_executor._WorkItem)
    assert "wrapper" in inspect.getsource(getattr(CursorWrapper, RUNS_WRAPPERS))


def test_what_calls_are_for() -> None:
    """Django's functions whose names tell what a query is for are in the files, and of the names, that are listed."""
    from django.contrib.contenttypes import fields
    from django.db import backends
    from django.db.models import Model, QuerySet, query_utils
    from django.db.models.fields import related_descriptors

    from pytest_async_orm.patches.places import DESCRIPTORS, SETTING_UP, VALIDATING

    descriptors = (
        related_descriptors.ForwardManyToOneDescriptor,
        related_descriptors.ReverseOneToOneDescriptor,
        query_utils.DeferredAttribute,
        # A descriptor of its own since Django 6.1.
        getattr(fields, "GenericForeignKeyDescriptor", fields.GenericForeignKey),
    )
    assert all(inspect.getfile(found.__get__).endswith(DESCRIPTORS) for found in descriptors), (
        "Django's descriptors are in other files now: see patches/places.py"
    )
    assert all(hasattr(Model, name) for name in VALIDATING.split() if name != "is_valid")
    assert all(hasattr(Model, name) for name in ("save", "save_base", "refresh_from_db", "delete"))
    assert all(
        hasattr(QuerySet, name) for name in ("get_or_create", "update_or_create", "create", "in_bulk", "iterator")
    )
    # Not imported: it needs a driver.
    mysql = Path(inspect.getfile(backends)).with_name("mysql") / "base.py"
    assert all(f"def {name}(" in mysql.read_text("utf-8") for name in SETTING_UP.split()), (
        "MySQL's connections are set up in other functions now: see patches/places.py"
    )


def test_storage_of_connections() -> None:
    """asgiref keeps connections by whether a loop runs, for which it asks the module asyncio by this name."""
    from asgiref import local

    assert "asyncio.get_running_loop()" in inspect.getsource(local) or "asyncio" not in vars(local), (
        "asgiref's Local asks for the loop in another way now: see patches/other_stack.py"
    )
