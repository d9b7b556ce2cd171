"""Everything private of Django that the plugin leans on is where it was seen."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import re
from pathlib import Path

import django
import pytest
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import load_backend

SQLITE = "django.db.backends.sqlite3.base:DatabaseWrapper"


def test_environment_has_the_django_of_its_name() -> None:
    """A test dependency that needs a newer Django would replace it, and nobody would test the older one."""
    named = re.fullmatch(r"tests-django(\d)(\d)", os.environ.get("TOX_ENV_NAME", ""))
    if named is None:
        pytest.skip("an environment of no Django in particular")
    assert django.VERSION[:2] == tuple(map(int, named.groups())), "see the dependencies of `tests` in tox.ini"


def test_flush_of_transactional_tests() -> None:
    """A transactional test ends by calling the flush command through its module's `call_command`, with options that
    are known.
    """
    from django.test import TransactionTestCase, testcases

    assert "call_command" in vars(testcases)
    source = inspect.getsource(inspect.unwrap(TransactionTestCase._fixture_teardown))
    options = ["verbosity", "interactive", "database", "reset_sequences", "allow_cascade", "inhibit_post_migrate"]
    assert 'call_command(\n                "flush"' in source, (
        "transactional tests end in another way: see flushing/replaced.py"
    )
    assert source.count("=", source.index("call_command(")) == len(options), "other options: see flushing/understood.py"
    assert all(f"{option}=" in source for option in options)


def test_flush_of_django() -> None:
    """What Django's flush does is what the touched flush leaves undone where nothing would come of it."""
    from django.core.management.commands import flush

    source = inspect.getsource(inspect.unwrap(flush.Command.handle))
    called = ["import_module(", "sql_flush(", "execute_sql_flush(", "emit_post_migrate_signal("]
    places = [source.index(name) for name in called]
    assert places == sorted(places), "Django flushes in another order: see flushing/flush.py"


def test_receivers_after_a_migration() -> None:
    """Django's own receivers of `post_migrate` are those whose rows may stay."""
    from django.contrib.auth.management import create_permissions
    from django.contrib.contenttypes.management import create_contenttypes
    from django.contrib.sites.management import create_default_site
    from django.db.models.signals import post_migrate

    from pytest_async_orm.flushing import made
    from pytest_async_orm.patches.after_migrate import receivers_of

    known = {create_permissions.__name__, create_contenttypes.__name__, create_default_site.__name__}
    assert known <= made._RECEIVERS
    found = {receiver.__name__ for receiver in receivers_of(post_migrate, None)}
    assert {"create_permissions", "create_contenttypes"} <= found <= made._RECEIVERS, (
        "Django has another receiver of post_migrate: see flushing/made.py"
    )


def test_memory_of_content_types() -> None:
    """Django remembers content types in a dictionary by alias, and sites in one of the module's."""
    from django.contrib.contenttypes.models import ContentTypeManager

    from pytest_async_orm.patches.after_migrate import content_types_in_memory

    assert content_types_in_memory(ContentTypeManager()) == {}
    module = importlib.util.find_spec("django.contrib.sites.models")
    assert module is not None
    assert "SITE_CACHE = {}" in Path(str(module.origin)).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["_commit", "_rollback", "_close", "_set_autocommit", "_nodb_cursor"])
def test_replaced_methods_of_the_wrapper(name: str) -> None:
    """Virtual connections replace these methods of Django's wrapper."""
    assert callable(getattr(BaseDatabaseWrapper, name, None)), (
        f"Django has no BaseDatabaseWrapper.{name} any more: patches/wrapper.py replaces it to keep the test's "
        "transaction"
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
    """A connection without a raw one calls `connect`, which pytest-django's guard replaces."""
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


def test_capture_of_callbacks() -> None:
    """Callbacks of a commit are captured by a method of Django's test case, run by a method that a shared connection
    has of its own, and kept as three values each.
    """
    from django.test import TestCase

    parameters = inspect.signature(inspect.unwrap(TestCase.captureOnCommitCallbacks)).parameters
    assert {"using", "execute"} <= set(parameters), (
        f"captureOnCommitCallbacks takes {list(parameters)}: see sharing/callbacks.py"
    )
    source = inspect.getsource(BaseDatabaseWrapper)
    assert "self.run_and_clear_commit_hooks()" in source, (
        "Django runs callbacks of a commit in another way now: see sharing/callbacks.py"
    )
    assert "self.run_on_commit.append((set(self.savepoint_ids), func, robust))" in source


def test_guard_against_coroutines() -> None:
    """Django refuses the sync ORM where this function, looked up in its module, finds a running loop."""
    from django.utils import asyncio

    assert "get_running_loop()" in inspect.getsource(asyncio.async_unsafe), (
        "Django's async_unsafe asks for the loop in another way now: see patches/other_stack.py"
    )


def test_end_of_a_test_case() -> None:
    """Django ends a test case's transactions by this class method."""
    from django.test import TestCase

    assert isinstance(vars(TestCase).get("_rollback_atomics"), classmethod), (
        "Django's TestCase has no _rollback_atomics any more: sharing/hosting.py would let guests outlive their test"
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


def test_connections_of_a_handler() -> None:
    """A handler keeps its connections in `_connections`, by alias."""
    assert getattr(connections._connections, "default", None) is connections["default"], (
        "ConnectionHandler._connections is gone: see patches/handler.py"
    )


def test_live_receivers_of_a_signal() -> None:
    """Which receivers a signal has for a sender is told by `_live_receivers`, in the order in which it calls them."""
    from django.dispatch import Signal

    signal, called = Signal(), []

    def first(**_: object) -> None:
        called.append(first)

    def second(**_: object) -> None:
        called.append(second)

    signal.connect(first)
    signal.connect(second, sender=str)
    signal.send(sender=str)
    found = signal._live_receivers(str)
    synchronous = found[0] if isinstance(found, tuple) else found
    assert list(synchronous) == called == [first, second], (
        "Signal._live_receivers is gone or gives something else: see patches/after_migrate.py"
    )
