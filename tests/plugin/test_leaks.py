"""The judgement by plain calls: lines, kinds, documents, the server."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, nullcontext, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.db.transaction import TransactionManagementError

from pytest_async_orm.drivers import servers
from pytest_async_orm.frames import handoff, lines, source
from pytest_async_orm.leaks import census
from pytest_async_orm.leaks.document import MOST_CONNECTIONS, facts_of_test, folded, leaks_document
from pytest_async_orm.leaks.found import of_cursors
from pytest_async_orm.leaks.kinds import belongs_to_session, kind_of
from pytest_async_orm.leaks.ledger import Ledger
from pytest_async_orm.leaks.opened_connection import has_pool
from pytest_async_orm.patches.process import PROCESS
from pytest_async_orm.records import ConnectionRecord, Leak, SourceLine
from pytest_async_orm.sharing.shared_connection import SharedConnection
from pytest_async_orm.sharing.virtual import virtual_connection


def opened(**facts: Any) -> Any:
    """An opened connection as the ledger keeps it, orphaned unless said otherwise."""
    thread = SimpleNamespace(name="worker", is_alive=lambda: facts.get("alive", False))
    usual = {
        "was_never_closed": True, "owned": False, "in_transaction": False, "from_pool": False, "task": None,
        "registered": True, "collected": False, "executor": None, "was_taken_away": False, "thread": thread,
        "belongs_to_session": False,
    }  # fmt: skip
    return SimpleNamespace(**{**usual, **facts})


class Pool:
    """An executor as far as the judgement looks at it."""

    def __init__(self, *, test: str | None = "test_it", stopped: bool = False) -> None:
        self._async_orm_test = test
        self._shutdown = stopped

    def __call__(self) -> Pool:
        return self


POOLED = SimpleNamespace(name="asyncio_0", is_alive=lambda: False)
DONE, RUNNING = SimpleNamespace(done=lambda: True), SimpleNamespace(done=lambda: False)


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({}, "orphaned"),
        ({"alive": True}, "lingering"),
        ({"alive": True, "collected": True}, "orphaned"),
        ({"was_never_closed": False}, None),
        ({"owned": True}, None),
        ({"owned": True, "in_transaction": True}, None),
        ({"owned": True, "in_transaction": True, "executor": Pool()}, "in transaction"),
        ({"in_transaction": True, "from_pool": True}, "in transaction"),
        ({"from_pool": True}, "pool slot not returned"),
        ({"thread": POOLED}, "lingering"),
        ({"executor": Pool()}, "executor never shut down"),
        ({"executor": Pool(test=None)}, "lingering"),
        ({"executor": Pool(stopped=True), "alive": True}, "orphaned"),
        ({"task": lambda: DONE, "alive": True}, "orphaned"),
        ({"task": lambda: None, "alive": True}, "orphaned"),
        ({"task": lambda: RUNNING}, "lingering"),
        ({"was_taken_away": True}, None),
        ({"was_taken_away": True, "alive": True}, "lingering"),
        ({"was_taken_away": True, "thread": POOLED}, "lingering"),
        ({"registered": False, "alive": True}, "lingering"),
        ({"registered": False, "alive": True, "collected": True}, "orphaned"),
    ],
)
def test_kinds(facts: dict[str, Any], kind: str | None) -> None:
    """The kind follows from what is known of the connection, its thread and its executor."""
    assert kind_of(opened(**facts)) == kind


@pytest.mark.parametrize(
    ("facts", "sessions"),
    [
        ({"belongs_to_session": True, "alive": True}, True),
        ({"belongs_to_session": True}, False),
        ({"executor": Pool(test=None)}, True),
        ({"executor": Pool(test=None, stopped=True)}, False),
        ({"executor": Pool()}, False),
    ],
)
def test_what_is_the_sessions(facts: dict[str, Any], *, sessions: bool) -> None:
    """A wider fixture's thread or executor may close later what a test opened on it."""
    assert belongs_to_session(opened(**facts)) is sessions


def test_lines_of_the_user() -> None:
    """The innermost frame that is neither the standard library's, nor an installed package's, nor the plugin's."""
    frame = lines.user_frame(sys._getframe())
    line = sys._getframe().f_lineno - 1
    assert source.source_line(frame, root=str(Path(__file__).parent)) == f"{Path(__file__).name}:{line}"
    shown, _, _ = source.source_line(frame).rpartition(":")
    assert Path(source.file_of(shown)).samefile(__file__)
    for path in (threading.__file__, pytest.__file__, source.__file__, "<string>", "<frozen importlib>"):
        assert not lines.is_users_file(path)
    assert lines.is_users_file(__file__)


def test_lines_of_the_plugin_behind_a_link(tmp_path: Path) -> None:
    """Where the package is installed as a link, its frames bear the link's name, and are not the user's either."""
    package = Path(lines.__file__).parents[1]
    (tmp_path / package.name).symlink_to(package, target_is_directory=True)
    program = (
        "from pytest_async_orm.frames import lines, never_entered\n"
        f"assert lines.__file__.startswith({str(tmp_path)!r}), lines.__file__\n"
        "assert not lines.is_users_file(lines.user_frame.__code__.co_filename)\n"
        "assert never_entered._line_of_caller.__code__.co_filename.startswith(never_entered._PACKAGE)\n"
    )
    subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)}, check=True
    )


def test_line_beyond_an_event_loop() -> None:
    """The line that runs a loop is not the line of what happens in it."""

    found: list[Any] = []
    # Code of a library, called by the loop alone.
    look = eval(
        "lambda: found.append(look(frame()))", {"found": found, "look": lines.user_frame, "frame": sys._getframe}
    )
    loop = asyncio.new_event_loop()
    loop.call_soon(look)
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
    look()
    beyond, here = found
    assert beyond is None
    assert Path(__file__).name in source.source_line(here)


@pytest.mark.django_db
@pytest.mark.async_orm_sandbox("off")
def test_a_virtual_connection_has_an_opening_of_its_own() -> None:
    """It starts with what is known of the server, but not with the opening of the shared connection: the close of one
    would count as the close of the other.
    """
    with closing(connection.copy()) as twin:
        twin.ensure_connection()
        beneath = PROCESS.one(Ledger).opening_of(twin)
        assert beneath is not None
        virtual = virtual_connection(SharedConnection(twin, "a test", 1.0))
        assert PROCESS.one(Ledger).opening_of(virtual) is None
        PROCESS.one(Ledger).closed(virtual)
        assert beneath.closed_time is None
    if twin.connection is not None:
        # Django does not close a database in memory.
        twin.connection.close()


def test_stack_of_a_source_line() -> None:
    """A source line has its stack with the innermost frame last, without pytest's own frames."""
    found = source.source_line(lines.user_frame(sys._getframe()), lines.stack_from(sys._getframe()))
    line, text = found.stack.splitlines()
    assert line.endswith("in test_stack_of_a_source_line")
    assert "stack_from" in text
    assert source.source_line(None) == ""


def test_handed_over() -> None:
    """A thread of a pool knows the line that handed its work over, and forgets it afterwards."""
    handoff.install()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(handoff.present_caller).result()
        line = sys._getframe().f_lineno - 1
        second = pool.submit(handoff.present_caller).result()
    assert first is not None
    assert second is not None
    here = str(Path(__file__).parent)
    assert source.source_line(first.user_frame, root=here) == f"{Path(__file__).name}:{line}"
    assert source.source_line(second.user_frame, root=here) == f"{Path(__file__).name}:{line + 2}"
    assert handoff.present_caller() is None


def test_failures_are_handed_back() -> None:
    """An executor's call raises what it raised without the plugin."""
    handoff.install()
    with ThreadPoolExecutor(1) as pool:
        assert isinstance(pool.submit(int, "x").exception(), ValueError)
        assert pool.submit(lambda *args, **kwargs: (args, kwargs), 1, fn=2).result() == ((1,), {"fn": 2})


def leak(test: str | None, **facts: Any) -> Leak:
    return Leak(
        "orphaned", SourceLine("a.py:1"), test, "default", "sqlite", facts.pop("thread", "worker"), None, "Close it."
    )


def test_folding() -> None:
    """Equal leaks are one, with their count, tests and threads."""
    leaks = [leak("one"), leak("two", thread="other"), leak("two"), leak(None)]
    (entry_,) = folded(facts_of_test([], leaks)["leaks"])
    assert (entry_["count"], entry_["tests"]) == (4, ["one", "two", "the session"])
    assert entry_["threads"] == ["worker", "other"]


def test_document_is_bounded() -> None:
    """The newest connections are listed, and the number of those that are not."""
    records = [
        ConnectionRecord(
            "default", "sqlite", None, SourceLine("a.py:1"), "worker", False, None, False, False, None, 0,
            float(number), None, False, False,
        )
        for number in range(MOST_CONNECTIONS + 5)
    ]  # fmt: skip
    document = leaks_document([facts_of_test(records, [])])
    assert (len(document["connections"]), document["dropped"]) == (MOST_CONNECTIONS, 5)
    assert document["connections"][-1]["opened"] == MOST_CONNECTIONS + 4


def server(number: int) -> Any:
    return SimpleNamespace(server_id=number, wrapper=None, may_be_kept=False)


@pytest.mark.planted
@pytest.mark.parametrize(
    ("opened", "closed", "seen", "text"),
    [
        ([1, 2], [3], [1, 2], ""),
        ([1, 2], [3], [1], "1 that the ledger holds for open are unknown to the server"),
        ([1], [2, 3], [1, 2, 3], "2 that the ledger holds for closed are open on the server"),
        ([1], [2], [1, 9], ""),
    ],
)
def test_comparison_with_the_server(opened: list[int], closed: list[int], seen: list[int], text: str) -> None:
    """What one side has and the other has not is a disagreement; what neither knows of is a stranger."""
    mine, rest = [server(number) for number in opened], [server(number) for number in closed]
    found = census._compared("default", "postgresql", [*mine, *rest], mine, Counter(seen))
    assert found.disagreement == text
    assert found.strangers == len(set(seen) - set(opened) - set(closed))


def _reconnect(self: Any, params: Any) -> Any:
    return super(type(self), self).get_new_connection(params)


def _keep(self: Any) -> None:
    pass


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("overridden", "kept"),
    [({}, False), ({"get_new_connection": _reconnect}, True), ({"_close": _keep}, True)],
)
def test_a_backends_own_pool(overridden: dict[str, Any], *, kept: bool) -> None:
    """A backend that closes in its own way may keep the connection, as pools do; the server's word about it tells
    nothing.
    """
    if has_pool(connection):
        pytest.skip("Django's own pool keeps it in any case")
    kind = type("DatabaseWrapper", (type(connections["default"]),), overridden)
    twin: Any = kind(connection.settings_dict, "default")
    twin.ensure_connection()
    raw, opening = twin.connection, PROCESS.one(Ledger).opening_of(twin)
    twin.close()
    with suppress(Exception):
        # One that a backend of the test's own has kept.
        raw.close()
    assert opening is not None
    assert opening.may_be_kept == kept
    seen: Any = Counter([opening.server_id])
    assert bool(census._compared("default", "postgresql", [opening], [], seen).disagreement) is not kept


def closed_in_a_block() -> None:
    with suppress(TransactionManagementError), transaction.atomic():
        connection.close()


def connected_twice() -> None:
    connection.connect()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("renew", [closed_in_a_block, connected_twice])
def test_a_wrapper_has_one_connection(renew: Any) -> None:
    """What a wrapper had before is open no more, so that the ledger has as many as the server."""
    if has_pool(connection):
        pytest.skip("the one before is a slot of the pool's")
    connection.ensure_connection()
    before = connection.connection
    renew()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    mine = [one for one in PROCESS.one(Ledger).open_connections() if one.wrapper is connections["default"]]
    assert len(mine) == 1
    found = census.take_census(["default"])[0]
    if before is not connection.connection:
        # Django keeps a database in memory open.
        with suppress(Exception):
            before.close()
    assert (found.disagreement, found.ledger) == ("", 1 if not found.cannot_see else found.ledger)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("atomic", [False, True])
def test_a_statement_under_way(*, atomic: bool) -> None:
    """A thread that waits for a statement's answer in autocommit holds no transaction, and its cursor is in use."""
    if connection.vendor != "postgresql":
        pytest.skip("the other drivers tell what was true before the statement")
    sql = "SELECT pg_advisory_xact_lock(4711)"

    def work() -> None:
        with closing(connection), transaction.atomic() if atomic else nullcontext(), connection.cursor() as cursor:
            cursor.execute(sql)

    thread = threading.Thread(target=work)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
        thread.start()
        waiting = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted"
        for _ in range(500):
            cursor.execute(waiting)
            if cursor.fetchone():
                break
            thread.join(0.02)
        (opened,) = [one for one in PROCESS.one(Ledger).open_connections() if one.thread is thread]
        found = opened.in_transaction, len(opened.open_cursors()), of_cursors([opened], set())
    thread.join()
    assert found == (atomic, 1, [])


@pytest.mark.planted
def test_comparison_with_files() -> None:
    """Fewer open files than connections is a disagreement; more are strangers."""
    assert census._compared_files("default", [server(1), server(2)], 1).disagreement
    assert census._compared_files("default", [server(1)], 2).strangers == 1


@pytest.mark.django_db
@pytest.mark.async_orm_sandbox("off")
def test_server_sees_the_own_connection(db: None) -> None:
    """The server, or the process's list of files, has the connection that is open here."""
    connection.ensure_connection()
    number = servers.server_id(connection.vendor, connection.connection)
    if connection.vendor == "sqlite" and connection.is_in_memory_db():  # type: ignore[attr-defined]
        with pytest.raises(servers.Unseen, match="in memory"):
            servers.seen_by_server(connection)
        return
    seen = servers.seen_by_server(connection)
    assert seen[number or 0] >= 1
    assert not servers.was_ended_by_server(connection)


@pytest.mark.django_db(transaction=True)
def test_connection_that_the_server_ended() -> None:
    """A connection that the server has closed differs from one that the ledger has lost."""
    if connection.vendor == "sqlite":
        pytest.skip("no server")
    twin = connection.copy()
    twin.ensure_connection()
    number = servers.server_id(twin.vendor, twin.connection)
    sql = "SELECT pg_terminate_backend(%s)" if connection.vendor == "postgresql" else "KILL %s"
    with connection.cursor() as cursor:
        cursor.execute(sql, [number])
    ended = threading.Event()
    for _ in range(100):
        if servers.was_ended_by_server(twin):
            ended.set()
            break
        ended.wait(0.02)
    assert ended.is_set()
    twin.close()
