"""Every attribute of other people's code that the plugin replaces. Django's, asgiref's and the standard library's are
imported already where they are replaced; the drivers' and other packages' are replaced only if they are in use.
"""

from __future__ import annotations

from pytest_async_orm.patches.mechanism import Target

_DJANGO = "Django 4.2 to 6.1"
_ASGIREF = "asgiref 3.6 to 3.13"
_PYTHON = "Python 3.10 to 3.14"


def _handler(name: str) -> Target:
    return Target("django.db.utils:ConnectionHandler", name, f"public, {_DJANGO}", "test_lookups_of_connections")


GET_CONNECTION = _handler("__getitem__")
SET_CONNECTION = _handler("__setitem__")
DELETE_CONNECTION = _handler("__delitem__")
ALL_CONNECTIONS = _handler("all")

CLOSE = Target(
    "django.db.backends.base.base:BaseDatabaseWrapper", "close", f"public, {_DJANGO}", "test_closes_of_connections"
)
CLOSE_SQLITE = Target(
    "django.db.backends.sqlite3.base:DatabaseWrapper", "close", f"public, {_DJANGO}", "test_closes_of_connections"
)
PREPARE_CURSOR = Target(
    "django.db.backends.base.base:BaseDatabaseWrapper", "_prepare_cursor", f"private, {_DJANGO}",
    "test_every_cursor_is_prepared",
)  # fmt: skip
CLOSE_CURSOR = Target(
    "django.db.backends.utils:CursorWrapper", "close", f"added, since it has none of its own, {_DJANGO}",
    "test_cursor_wrapper_has_no_close",
)  # fmt: skip
LOG_TRANSACTION = Target(
    "django.db.backends.base.base:", "debug_transaction", f"private, {_DJANGO}", "test_log_of_transaction_control"
)

ASK_FOR_LOOP = Target(
    "django.utils.asyncio:", "get_running_loop", f"imported from asyncio, {_DJANGO}", "test_guard_against_coroutines"
)
ASK_WHERE_TO_KEEP = Target(
    "asgiref.local:", "asyncio", "imported, asgiref 3.7 to 3.13; 3.6 asks for no loop", "test_storage_of_connections"
)
ROLL_BACK_TEST = Target(
    "django.test.testcases:TestCase", "_rollback_atomics", f"private, {_DJANGO}", "test_end_of_a_test_case"
)
FLUSH_TABLES = Target(
    "django.test.testcases:", "call_command", f"imported from django.core.management, {_DJANGO}",
    "test_flush_of_transactional_tests",
)  # fmt: skip
CAPTURE_CALLBACKS = Target(
    "django.test.testcases:TestCase", "captureOnCommitCallbacks", f"public, {_DJANGO}", "test_capture_of_callbacks"
)

CALL_IN_THREAD = Target("asgiref.sync:SyncToAsync", "__call__", f"public, {_ASGIREF}", "test_calls_of_asgiref")
CALL_IN_LOOP = Target("asgiref.sync:AsyncToSync", "__call__", f"public, {_ASGIREF}", "test_calls_of_asgiref")
SUBMIT_TO_CURRENT = Target(
    "asgiref.current_thread_executor:CurrentThreadExecutor", "submit", f"public, {_ASGIREF}", "test_submit_of_executors"
)
SUBMIT = Target(
    "concurrent.futures.thread:ThreadPoolExecutor", "submit", f"public, {_PYTHON}", "test_submit_of_executors"
)
MAKE_EXECUTOR = Target(
    "concurrent.futures.thread:ThreadPoolExecutor", "__init__", f"public, {_PYTHON}", "test_submit_of_executors"
)
START_THREAD = Target("threading:Thread", "start", f"public, {_PYTHON}", "test_start_of_threads")

START_IN_TRIO = Target(
    "trio._core._thread_cache:ThreadCache", "start_thread_soon", "private, trio 0.22 to 0.35", "test_threads_of_trio"
)
START_IN_ANYIO = Target(
    "anyio._backends._asyncio:AsyncIOBackend", "run_sync_in_worker_thread", "private, anyio 4.0 to 4.16",
    "test_threads_of_anyio",
)  # fmt: skip

_LOOP = "asyncio.base_events:BaseEventLoop"
CREATE_TASK = Target(_LOOP, "create_task", f"public, {_PYTHON}", "test_hooks_of_the_loop")
FIRST_ITERATION = Target(_LOOP, "_asyncgen_firstiter_hook", f"private, {_PYTHON}", "test_hooks_of_the_loop")
SHUT_GENERATORS = Target(_LOOP, "shutdown_asyncgens", f"public, {_PYTHON}", "test_hooks_of_the_loop")
UNAWAITED = Target("warnings:", "_warn_unawaited_coroutine", f"private, {_PYTHON}", "test_hook_of_the_interpreter")

_POOL = "psycopg_pool.pool:ConnectionPool"
TAKE_SLOT = Target(_POOL, "getconn", "public, psycopg_pool 3.2 to 3.3", "test_slots_of_a_pool")
RETURN_SLOT = Target(_POOL, "putconn", "public, psycopg_pool 3.2 to 3.3", "test_slots_of_a_pool")

NATIVE_PACKAGE = "django_async_backend"
_NATIVE = f"{NATIVE_PACKAGE}.db.backends.base.base:BaseAsyncDatabaseWrapper"
OPEN_NATIVE = Target(_NATIVE, "ensure_connection", "public, django-async-backend 1.0", "test_native_connections")
CLOSE_NATIVE = Target(_NATIVE, "close", "public, django-async-backend 1.0", "test_native_connections")

TARGETS: tuple[Target, ...] = tuple(found for found in list(vars().values()) if isinstance(found, Target))
