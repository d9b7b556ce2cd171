"""Everything private that the plugin leans on is where it was seen: each failure says what to look at."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import sys
import threading
from pathlib import Path

import pytest
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import load_backend

from pytest_async_orm.patches import waits

SQLITE = "django.db.backends.sqlite3.base:DatabaseWrapper"


@pytest.mark.parametrize("name", ["_commit", "_rollback", "_close", "_set_autocommit", "_nodb_cursor"])
def test_replaced_methods_of_the_wrapper(name: str) -> None:
    """Virtual connections replace these methods of Django's wrapper."""
    assert callable(getattr(BaseDatabaseWrapper, name, None)), (
        f"Django has no BaseDatabaseWrapper.{name} any more: patches/wrapper.py replaces it to keep the test's "
        f"transaction"
    )


def test_sqlite_begins_by_a_method_of_its_own() -> None:
    """SQLite begins a transaction by a method that a virtual connection replaces."""
    sqlite = load_backend("django.db.backends.sqlite3").DatabaseWrapper
    assert hasattr(sqlite, "_start_transaction_under_autocommit"), (
        "Django's SQLite wrapper begins transactions in another way now: see BeginsByStatement in patches/wrapper.py"
    )


@pytest.mark.parametrize(
    ("caller", "calls"),
    [
        ("commit", "_commit()"),
        ("rollback", "_rollback()"),
        ("close", "_close()"),
        ("set_autocommit", "_set_autocommit("),
        ("set_autocommit", "_start_transaction_under_autocommit()"),
        ("_cursor", "create_cursor("),
    ],
)
def test_the_wrapper_still_calls_them(caller: str, calls: str) -> None:
    """Django's public methods lead to the replaced ones."""
    source = inspect.getsource(inspect.unwrap(getattr(BaseDatabaseWrapper, caller)))
    assert f"self.{calls}" in source, (
        f"BaseDatabaseWrapper.{caller} does not call {calls} any more: a virtual connection would reach the real one"
    )


def test_a_closed_connection_connects() -> None:
    """A connection without a raw one calls `connect`, which pytest-django's guard stands before."""
    # Read from the class: pytest-django has replaced the method itself.
    assert "self.connect()" in inspect.getsource(BaseDatabaseWrapper), (
        "Django opens connections in another way now: a virtual connection would open a real one"
    )


def test_state_that_connect_resets() -> None:
    """`connect` of a virtual connection resets what Django's does: a name that is new there is new here."""
    source = inspect.getsource(inspect.unwrap(BaseDatabaseWrapper.connect))
    assigned = {
        word.removeprefix("self.") for line in source.splitlines() if " = " in line for word in line.split(" = ")[:1]
        for word in [word.strip()] if word.startswith("self.")
    }  # fmt: skip
    assert assigned == {
        "in_atomic_block", "savepoint_ids", "atomic_blocks", "needs_rollback", "health_check_enabled", "close_at",
        "closed_in_transaction", "errors_occurred", "health_check_done", "connection", "run_on_commit",
    }, "Django's connect() sets other attributes now: bring VirtualConnection.connect in line"  # fmt: skip


def test_flag_of_a_test_cases_atomic() -> None:
    """Django lets durable blocks nest in an atomic block that is marked as a test case's."""
    assert "_from_testcase" in inspect.getsource(transaction.Atomic), (
        "Atomic._from_testcase is gone: see patches/atomics.py, durable=True would be refused in scoped fixtures"
    )


def test_blocks_of_a_connection() -> None:
    """A connection keeps its open atomic blocks, innermost last, which tells the application's from a test's."""
    assert "connection.atomic_blocks.append(self)" in inspect.getsource(transaction.Atomic), (
        "Django keeps a connection's atomic blocks in another way now: see patches/atomics.py"
    )


def test_names_of_savepoints() -> None:
    """A savepoint's name is counted by an attribute that clean_savepoints() sets back."""
    assert "self.savepoint_state" in inspect.getsource(inspect.unwrap(BaseDatabaseWrapper.savepoint)), (
        "Django names savepoints in another way now: two of one name could meet on MariaDB, see sharing/virtual.py"
    )
    assert "self.savepoint_state = 0" in inspect.getsource(BaseDatabaseWrapper.clean_savepoints)


def test_log_of_transaction_control() -> None:
    """Django logs BEGIN, COMMIT and ROLLBACK by a function that its own count of queries relies on."""
    from django.db.backends.base import base

    assert callable(getattr(base, "debug_transaction", None)), (
        "django.db.backends.base.base has no debug_transaction any more: recordings would miss transaction control, "
        "see recording/watch.py"
    )
    assert "debug_transaction(self" in inspect.getsource(inspect.unwrap(BaseDatabaseWrapper._commit))


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


def test_frames_of_asgirefs_threads() -> None:
    """The report names a thread's task by the locals of asgiref's frames."""
    from asgiref.sync import SyncToAsync

    parameters = inspect.signature(SyncToAsync.thread_handler).parameters
    assert {"source_task", "task_context"} & set(parameters), (
        "asgiref's SyncToAsync.thread_handler names its task in another way now: reports would lack it, see "
        "frames/stacks.py"
    )


def test_size_of_asgirefs_executor() -> None:
    """A replaced executor is told by the number of its workers."""
    from asgiref.sync import SyncToAsync

    assert getattr(SyncToAsync.single_thread_executor, "_max_workers", None) == 1, (
        "the size of SyncToAsync.single_thread_executor cannot be read any more: see hooks/environment.py"
    )


def test_frames_of_threads() -> None:
    """What a thread does is told by its frames."""
    assert hasattr(sys, "_current_frames"), "sys has no _current_frames any more: see frames/stacks.py"
    assert hasattr(sys, "_getframe"), "sys has no _getframe any more: see frames/lines.py"


# Gone in Python 3.13, and in some releases of trio.
_OF_SOME_RELEASES = {"_wait_for_tstate_lock", "unrolled_run"}


@pytest.mark.parametrize(
    ("place", "tail", "names"),
    [(place, tail, names) for place, found in waits._PLACES.items() for tail, names in found.items()],
)
def test_places_of_waiting(place: str, tail: str, names: str) -> None:
    """What a thread waits for is told by the name and the file of a function: such as concurrent.futures' `_worker`,
    trio's `_work` and asyncio's `_run_once`.
    """
    module = tail[1 : -len(".py")].replace("/", ".")
    if importlib.util.find_spec(module.partition(".")[0]) is None:
        pytest.skip(f"{module} is not installed")
    spec = importlib.util.find_spec(module)
    assert spec is not None, f"{module} is gone: see patches/waits.py, {place}"
    assert spec.origin is not None
    text = Path(spec.origin).read_text("utf-8")
    for name in {*names.split()} - _OF_SOME_RELEASES:
        assert f"def {name}(" in text, f"{module} has no {name} any more: see patches/waits.py, {place}"


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


def test_connections_of_a_handler() -> None:
    """A handler keeps its connections in `_connections`, by alias."""
    assert getattr(connections._connections, "default", None) is connections["default"], (
        "ConnectionHandler._connections is gone: see patches/handler.py"
    )


def test_threads_that_python_did_not_start() -> None:
    """Such a thread is told by the name of its class, `_DummyThread`."""
    assert hasattr(threading, "_DummyThread"), "threading has no _DummyThread any more: see frames/stacks.py"


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


def test_every_cursor_is_prepared() -> None:
    """The ledger sees cursors in this method of the wrapper's."""
    assert "self._prepare_cursor(" in inspect.getsource(BaseDatabaseWrapper), (
        "Django prepares cursors in another way now: leaks/closes.py would miss cursors that are left open"
    )


def test_cursor_wrapper_has_no_close() -> None:
    """Django's cursor wrapper hands close() through to the driver's cursor; the plugin stands in between."""
    from django.db.backends.utils import CursorWrapper

    source = inspect.getsource(CursorWrapper)
    assert "def close" not in source, (
        "Django's CursorWrapper has a close() of its own now: leaks/closes.py must call it"
    )


def test_generator_beneath_aiterator() -> None:
    """`aiterator()` holds its cursor in a generator of this name."""
    from django.db.models.query import BaseIterable

    assert inspect.isasyncgenfunction(getattr(BaseIterable, "_async_generator", None)), (
        "Django has no BaseIterable._async_generator any more: leaks/generators.py would miss async iterators"
    )


@pytest.mark.parametrize("name", ["_asyncgen_firstiter_hook", "shutdown_asyncgens", "create_task"])
def test_hooks_of_the_loop(name: str) -> None:
    """asyncio's loop is told of async generators by these methods."""
    import asyncio

    assert callable(getattr(asyncio.BaseEventLoop, name, None)), (
        f"asyncio's loop has no {name} any more: see leaks/generators.py"
    )


@pytest.mark.parametrize("name", ["__getitem__", "__setitem__", "__delitem__", "all"])
def test_lookups_of_connections(name: str) -> None:
    """Connections are looked up, set, deleted and listed by these methods of Django's handler."""
    from django.db.utils import ConnectionHandler

    assert callable(getattr(ConnectionHandler, name, None)), (
        f"Django's ConnectionHandler has no {name} any more: sharing/routing.py would not answer for connections"
    )


@pytest.mark.parametrize("backend", ["django.db.backends.base.base:BaseDatabaseWrapper", SQLITE])
def test_closes_of_connections(backend: str) -> None:
    """A connection is closed by a method of its wrapper's, which SQLite has of its own."""
    module, name = backend.split(":")
    assert "close" in vars(getattr(importlib.import_module(module), name)), (
        f"{name} of {module} has no close() of its own any more: leaks/closes.py would miss closes"
    )


def test_calls_of_asgiref() -> None:
    """asgiref's adapters are called by `__call__`, a coroutine function towards threads."""
    from asgiref.sync import AsyncToSync, SyncToAsync

    assert inspect.iscoroutinefunction(inspect.unwrap(vars(SyncToAsync)["__call__"])), (
        "asgiref's SyncToAsync is called in another way now: see frames/context.py"
    )
    assert callable(vars(AsyncToSync).get("__call__")), "asgiref's AsyncToSync is called in another way now"


def test_submit_of_executors() -> None:
    """Executors take calls by `submit(fn, ...)`, asgiref's of the current thread too."""
    from concurrent.futures import ThreadPoolExecutor

    from asgiref.current_thread_executor import CurrentThreadExecutor

    for executor in (ThreadPoolExecutor, CurrentThreadExecutor):
        parameters = list(inspect.signature(inspect.unwrap(executor.submit)).parameters)
        assert parameters[:2] == ["self", "fn"], f"{executor.__name__}.submit takes {parameters}: see frames/handoff.py"


def test_start_of_threads() -> None:
    """A thread is started by a method without arguments."""
    import threading

    parameters = list(inspect.signature(inspect.unwrap(threading.Thread.start)).parameters)
    assert parameters == ["self"], f"Thread.start takes {parameters} now: see frames/handoff.py"


def test_slots_of_a_pool() -> None:
    """psycopg's pool gives and takes connections by these methods of the class in this module."""
    pool = pytest.importorskip("psycopg_pool.pool").ConnectionPool
    assert {"getconn", "putconn"} <= set(vars(pool)), (
        "psycopg_pool's ConnectionPool has no getconn() or putconn() of its own any more: see leaks/pools.py"
    )


def test_hook_of_the_interpreter() -> None:
    """The interpreter tells of a coroutine that was never awaited by this function of `warnings`."""
    import warnings

    assert callable(getattr(warnings, "_warn_unawaited_coroutine", None)), (
        "warnings._warn_unawaited_coroutine is gone: leaks/coroutines.py would miss coroutines never awaited"
    )


def test_state_of_executors() -> None:
    """An executor that is shut down is told by a private attribute."""
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(1)
    assert getattr(pool, "_shutdown", None) is False
    pool.shutdown()
    assert getattr(pool, "_shutdown", None) is True, "ThreadPoolExecutor._shutdown is gone: see leaks/kinds.py"


def test_atomic_blocks_of_a_connection() -> None:
    """Whether the application has a transaction open is told by the connection's atomic blocks."""
    assert "atomic_blocks" in inspect.getsource(transaction.Atomic), (
        "connections have no atomic_blocks any more: see patches/atomics.py, Query.in_transaction would be wrong"
    )


def test_cursor_of_django_holds_the_drivers() -> None:
    """The number of rows is asked of the driver's own cursor."""
    from django.db.backends.utils import CursorWrapper

    cursor = object()
    assert CursorWrapper(cursor, None).cursor is cursor, (
        "CursorWrapper.cursor is not the driver's cursor any more: see recording/recording.py"
    )


def test_thread_handler_of_asgiref() -> None:
    """asgiref hands its own function to the executor, by which a call is told that carries its context by itself."""
    from asgiref.sync import SyncToAsync

    assert "self.thread_handler" in inspect.getsource(SyncToAsync), (
        "SyncToAsync runs another function in the thread now: see frames/context.py, calls would be noted twice"
    )


DOCUMENTED = {"_getframe", "_current_frames"}


def _private(name: object) -> bool:
    return isinstance(name, str) and name.startswith("_") and not name.startswith("__")


def _names(tree: ast.AST) -> tuple[set[str], set[str]]:
    """The private names that a module defines, and those that it reads or sets on any object."""
    own, used = set(), set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.Name(id=name, ctx=ast.Store()):
                own.add(name)
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                own.add(name)
            case ast.Attribute(attr=name):
                used.add(name)
            case ast.Call(func=ast.Name(id="getattr" | "hasattr"), args=[_, ast.Constant(value=name), *_]):
                used.add(name)
    return own, {name for name in used if _private(name)}


def test_every_private_attribute_is_pinned() -> None:
    """What the plugin reads or replaces of other packages' private attributes is named by a test of this file."""
    import pytest_async_orm

    own: set[str] = set()
    used: dict[str, set[str]] = {}
    package = Path(str(pytest_async_orm.__file__)).parent
    for path in package.rglob("*.py"):
        defined, seen = _names(ast.parse(path.read_text()))
        own |= defined
        for name in seen:
            used.setdefault(name, set()).add(path.relative_to(package).parts[0])
    replaced = {name for name in own if _private(name) and hasattr(BaseDatabaseWrapper, name)}
    # Documented although they look private: Django's model options, and what named tuples have.
    foreign = ({*used} - own | replaced) - {"_meta", "_replace"}
    # The plugin's own marks on objects of others.
    foreign = {name for name in foreign if not name.startswith("_async_orm")}
    assert {"_from_testcase", "_commit", "_current_frames"} <= foreign
    unpinned = [name for name in foreign if name not in Path(__file__).read_text()]
    assert unpinned == [], "private attributes without a test of their own here"
    # CPython documents these two. Drivers have a room of their own.
    elsewhere = {name: used[name] - {"patches", "drivers"} for name in foreign & ({*used} - own) - DOCUMENTED}
    assert not any(elsewhere.values()), f"private attributes that are used outside of patches/: {elsewhere}"
