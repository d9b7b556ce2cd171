"""What users look at or import: the ledger in a test, the document, `assert_no_leaks`."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from leak_expectations import CORPUS
from leak_programs import DATABASE, LEAK


@pytest.fixture
def corpus_path(run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The views and the requests of the corpus, for an inner run."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(CORPUS), os.environ["PYTHONPATH"]]))


LEDGER = """
@pytest.mark.django_db(transaction=True)
def test_records(connection_ledger):
    done, go_on = threading.Event(), threading.Event()
    def work():
        Tag.objects.count()
        done.set()
        go_on.wait(20)
        connections.close_all()
    thread = threading.Thread(target=work, name="worker")
    thread.start()
    assert done.wait(20)
    record, = connection_ledger.open
    assert (record.alias, record.vendor) == ("default", connection.vendor)
    assert record.opened_by == "test_inner.py::test_records"
    assert record.opened_at == "test_inner.py:11" and "in work" in record.opened_at.stack
    assert (record.thread_name, record.thread_alive, record.task_name) == ("worker", True, None)
    assert (record.in_transaction, record.closed_at, record.open_cursors) == (False, None, 0)
    assert record.from_pool == bool(connection.settings_dict["OPTIONS"].get("pool"))
    leak, = connection_ledger.leaks
    assert leak.kind in ("lingering", "pool slot not returned")
    for census in connection_ledger.census(["default"]):
        assert census.disagreement == ""
        assert census.cannot_see or census.server == census.ledger >= 2
    go_on.set()
    thread.join()
    assert connection_ledger.open == connection_ledger.leaks == []
    closed = connection_ledger.of_test[-1]
    assert (closed.closed_at, closed.thread_alive) == ("test_inner.py:14", False)
"""


def test_ledger_in_a_test(run) -> None:
    """The fixture shows what is open, where it was opened and closed, and what the server says."""
    run(LEDGER).assert_outcomes(passed=1)


def test_document(run, pytester: pytest.Pytester) -> None:
    """The session's document is plain JSON: connections over time, with tests and threads, and folded leaks."""
    pytester.makeconftest(
        """
import json
def pytest_unconfigure(config):
    from pytest_async_orm.hooks.leaks import session_leaks
    with open("document.json", "w") as file:
        json.dump(session_leaks(config), file)
"""
    )
    run(LEAK)
    document: dict[str, Any] = json.loads((pytester.path / "document.json").read_text())
    (leak,) = document["leaks"]
    assert (leak["kind"], leak["line"], leak["count"]) == ("orphaned", "test_inner.py:8", 1) or DATABASE.endswith(
        "pool"
    )
    (bar,) = [bar for bar in document["connections"] if bar["thread"] == "worker"]
    assert (bar["test"], bar["line"]) == ("test_inner.py::test_leaks", "test_inner.py:8")
    assert bar["closed"] is None or bar["closed"] >= bar["opened"]


LOAD = """
from corpus_requests import get, kept_open
from pytest_async_orm import ConnectionsLeaked, assert_no_leaks
pytestmark = pytest.mark.django_db{mark}
async def requests(number):
    for _ in range(number):
        await get("/async/")
async def test_kept_open():
    with pytest.raises(ConnectionsLeaked) as caught, kept_open(60):
        async with assert_no_leaks():
            await requests({number})
    text = str(caught.value)
    assert "orphaned ({number} times): 'default', opened at" in text and "corpus_urls.py:" in text
    assert "CONN_MAX_AGE is 60: under ASGI" in text and "Set CONN_MAX_AGE = 0, or use OPTIONS['pool']" in text
async def test_closed():
    async with assert_no_leaks():
        await requests({number})
def test_sync_block():
    def work():
        Tag.objects.count()
    with pytest.raises(ConnectionsLeaked, match="1 more connection is open than before the block|1 connection that"):
        with assert_no_leaks():
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
async def test_names_what_failed():
    with pytest.raises(ConnectionsLeaked) as caught, kept_open(60):
        async with assert_no_leaks():
            await get("/async/")
            raise ValueError("because of it")
    assert isinstance(caught.value.__cause__, ValueError)
async def test_hides_no_failure():
    with pytest.raises(ValueError, match="of the load"):
        async with assert_no_leaks():
            raise ValueError("of the load")
"""


@pytest.mark.usefixtures("corpus_path")
@pytest.mark.parametrize("mark", ["", "(transaction=True)"])
@pytest.mark.slow
def test_load(run, mark: str) -> None:
    """200 real requests: with CONN_MAX_AGE = 60 leak and remedy are named, with 0 and with a pool all is well."""
    pool = DATABASE == "postgresql-pool"
    # A server takes 100 connections at most: what is left open is more than that only in the sandbox.
    number = 200 if not mark or DATABASE.startswith("sqlite") else 60
    options = ["-k", "closed or hides"] if pool else []
    result = run(LOAD.format(mark=mark, number=number), *options, settings="corpus_settings")
    result.assert_outcomes(passed=2 if pool else 5, deselected=3 if pool else 0)


@pytest.mark.usefixtures("corpus_path")
@pytest.mark.slow
def test_load_of_real_connections(run) -> None:
    """200 real requests with real connections and CONN_MAX_AGE = 0."""
    result = run(LOAD.format(mark="(transaction=True)", number=200), "-k", "closed", settings="corpus_settings")
    result.assert_outcomes(passed=1, deselected=4)


KINDS_OF_THREADS = """
from django.test import Client
held = []
@pytest.mark.django_db
async def test_thread():
    opened = threading.Event()
    def work():
        Tag.objects.count()
        opened.set()
        held[0].wait(20)
    held.append(threading.Event())
    held.append(threading.Thread(target=work))
    held[1].start()
    await asyncio.to_thread(opened.wait, 20)
@pytest.mark.django_db
async def test_request():
    held[0].set()
    await asyncio.to_thread(Client().get, "/sync/")
"""


@pytest.mark.usefixtures("corpus_path")
@pytest.mark.slow
def test_remedies_fit_their_threads(run) -> None:
    """A thread of the test's own is no pool's, and a request that its client sent on a thread is the test's."""
    if DATABASE == "postgresql-pool":
        pytest.skip("what stays open is a slot of the pool")
    result = run(KINDS_OF_THREADS, settings="corpus_settings")
    result.stdout.fnmatch_lines_random(
        ["*test_inner.py:13*", "*The thread lives on and keeps its connection: join it*"]
    )
    result.stdout.fnmatch_lines_random(["*test_inner.py:23*", "*The test's client sent a request on that thread*"])
    result.stdout.no_fnmatch_line("*The pool's thread lives on*")
