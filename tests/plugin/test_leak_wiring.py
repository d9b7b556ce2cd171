"""What only a whole run shows of leaks: modes, marker, summary, workers, JUnit, and the plugin's own failures."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from leak_expectations import CORPUS

DATABASE = os.environ.get("NATURAL_DATABASE", "sqlite-memory")
LEAK = """
def work():
    Tag.objects.count()
@pytest.mark.django_db
def test_leaks():
    thread = threading.Thread(target=work, name="worker")
    thread.start()
    thread.join()
"""


@pytest.fixture
def corpus_path(run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The views and the requests of the corpus, for an inner run."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(CORPUS), os.environ["PYTHONPATH"]]))


def test_warn_is_the_default(run) -> None:
    """A leak is a warning at its test and an entry of the summary, with line, thread and remedy; the test passes."""
    result = run(LEAK)
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(
        ["*ConnectionLeakWarning: The test test_inner.py::test_leaks left connections open or work undone:",
         "*orphaned: 'default', opened at test_inner.py:8 on the thread 'worker'",
         "*Call django.db.connections.close_all() on that thread*",
         "*= connection leaks =*", "1 x orphaned: 'default', test_inner.py:8", "    test_inner.py::test_leaks"]
    )  # fmt: skip


@pytest.mark.parametrize("given", ["ini", "option"])
def test_error(run, given: str) -> None:
    """In the mode `error` a leak is an error at the tear-down; the test itself has passed."""
    ini, options = ("async_orm_leaks = error", []) if given == "ini" else ("", ["--async-orm-leaks=error"])
    result = run(LEAK, *options, ini=ini)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*ConnectionsLeaked: The test test_inner.py::test_leaks left connections open*"])


def test_warnings_as_errors(run) -> None:
    """Under -W error the warning is an error of the test's, as every warning is."""
    run(LEAK, "-W", "error::pytest_async_orm.ConnectionLeakWarning").assert_outcomes(passed=1, errors=1)


def test_off(run) -> None:
    """In the mode `off` nothing is said and nothing of the interpreter's is patched."""
    result = run(
        LEAK
        + """
@pytest.mark.django_db
async def test_unpatched():
    from concurrent.futures import ThreadPoolExecutor
    await Tag.objects.acount()
    assert not hasattr(ThreadPoolExecutor.submit, "__wrapped__")
    assert not hasattr(threading.Thread.start, "__wrapped__")
""",
        "--async-orm-leaks=off",
    )
    result.assert_outcomes(passed=2)
    result.stdout.no_fnmatch_line("*connection leaks*")


FIRST = """
import anyio.to_thread
pytestmark = pytest.mark.django_db{mark}
async def test_first():
    await asyncio.gather(*(asyncio.to_thread(Tag.objects.count) for _ in range(3)))
    await asyncio.gather(*[sync_to_async(Tag.objects.count, thread_sensitive=False)() for _ in range(3)])
    await anyio.to_thread.run_sync(Tag.objects.count)
"""


@pytest.mark.parametrize("mark", ["", "(transaction=True)"])
def test_lines_of_the_first_test(run, mark: str) -> None:
    """What the first test of a session opens has its line, too."""
    result = run(FIRST.format(mark=mark))
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.no_fnmatch_line("*an unknown line*")
    result.stdout.fnmatch_lines(["*test_inner.py:10*"])


FIRST_ON_TRIO = """
import anyio.to_thread
@pytest.fixture
def anyio_backend():
    return "trio"
@pytest.fixture
async def tag(db):
    return await anyio.to_thread.run_sync(lambda: Tag.objects.create(name="a"))
@pytest.mark.anyio
@pytest.mark.django_db
@pytest.mark.parametrize("number", range(3))
async def test_isolated(tag, number):
    assert await anyio.to_thread.run_sync(Tag.objects.count) == 1
@pytest.mark.anyio
@pytest.mark.django_db(transaction=True)
async def test_real():
    await anyio.to_thread.run_sync(lambda: Tag.objects.create(name="b"))
"""


def test_trio_alone(run) -> None:
    """A suite on trio: every test passes, every line is known, and nothing is said of its idle threads."""
    pytest.importorskip("trio")
    options = ["--asyncio-mode=strict", "-W", "error::pytest_async_orm.errors.LeftoverWorkWarning"]
    result = run(FIRST_ON_TRIO, *options)
    result.assert_outcomes(passed=4, warnings=4)
    result.stdout.no_fnmatch_line("*an unknown line*")


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


def test_bad_mode(run) -> None:
    """A mode that there is not stops the session and says which there are."""
    result = run("def test_never(): pass", ini="async_orm_leaks = loud")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*the ini option async_orm_leaks is 'loud': use one of 'off', 'warn', 'error'.*"])


def test_allowed(run) -> None:
    """The marker lets a test leak: no warning, no error, and the summary shows the reason."""
    marked = LEAK.replace("def test_leaks", "@pytest.mark.allow_connection_leaks(reason='on purpose')\ndef test_leaks")
    result = run(marked, "--async-orm-leaks=error")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["1 x orphaned: 'default', test_inner.py:8 (allowed: on purpose)"])


@pytest.mark.parametrize("arguments", ["", "()", "('positional')", "(reason='')", "(reason='a', more=1)"])
def test_marker_without_a_reason(run, arguments: str) -> None:
    """A marker without a reason is an error that shows how to give one."""
    marked = LEAK.replace("def test_leaks", f"@pytest.mark.allow_connection_leaks{arguments}\ndef test_leaks")
    result = run(marked)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*allow_connection_leaks takes a reason and nothing else, such as*"])


def test_equal_leaks_are_folded(run) -> None:
    """Equal leaks of many tests are one entry with their count."""
    result = run(LEAK.replace("def test_leaks():", "@pytest.mark.parametrize('n', range(5))\ndef test_leaks(n):"))
    result.assert_outcomes(passed=5, warnings=5)
    result.stdout.fnmatch_lines(
        ["5 x orphaned: 'default', test_inner.py:8",
         "    test_inner.py::test_leaks[[]0], test_inner.py::test_leaks[[]1], * and 2 more"]
    )  # fmt: skip


def test_workers_reach_the_summary_once(run) -> None:
    """Under xdist every worker's leaks, its session's too, are in the summary once."""
    pytest.importorskip("xdist")
    source = LEAK.replace("def test_leaks():", "@pytest.mark.parametrize('n', range(6))\ndef test_leaks(n):")
    result = run(source, "-n", "2")
    result.assert_outcomes(passed=6, warnings=6)
    lines = [line for line in result.outlines if " x orphaned" in line]
    assert lines == ["6 x orphaned: 'default', test_inner.py:8"]


def test_session_of_a_worker(run) -> None:
    """What a wider fixture leaves is the session's, and reaches the summary from workers too."""
    source = """
@pytest.fixture(scope="session")
def worker(django_db_setup, django_db_blocker):
    inbox = threading.Event()
    def serve():
        inbox.wait(20)
        with django_db_blocker.unblock():
            connections["default"].ensure_connection()
    thread = threading.Thread(target=serve)
    thread.start()
    yield
    inbox.set()
    thread.join()
@pytest.mark.django_db
async def test_it(worker):
    assert await Tag.objects.acount() == 0
"""
    for options in ([], ["-n", "1"]):
        result = run(source, *options)
        result.assert_outcomes(passed=1)
        result.stdout.fnmatch_lines(["1 x orphaned: 'default', test_inner.py:13", "    the session"])


def test_junit_properties(run, pytester: pytest.Pytester) -> None:
    """A JUnit file has a property for each leak of a test."""
    run(LEAK, "--junitxml=junit.xml")
    text = (pytester.path / "junit.xml").read_text()
    assert 'name="connection_leak" value="orphaned: default at test_inner.py:8"' in text


CRASH = """
def pytest_runtest_setup(item):
    from pytest_async_orm.leaks import judgement
    def crash(*args, **kwargs):
        raise ZeroDivisionError("planted")
    judgement.Judge.{method} = crash
"""


@pytest.mark.planted
@pytest.mark.parametrize("options", [[], ["-W", "error"], ["--async-orm-leaks=error"]])
def test_crash_of_the_judgement(run, pytester: pytest.Pytester, options: list[str]) -> None:
    """A crash of the judgement is reported as the plugin's own, and changes no outcome, whatever the filters."""
    pytester.makeconftest(CRASH.format(method="test"))
    result = run(LEAK, *options)
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(
        ["*PluginFaultWarning: pytest-async-orm failed while it looked for connection leaks of*", "*planted*"]
    )


@pytest.mark.planted
def test_crash_of_the_last_judgement(run, pytester: pytest.Pytester) -> None:
    """And so is a crash at the session's end."""
    pytester.makeconftest(CRASH.format(method="session"))
    result = run(LEAK, "-rA")
    result.assert_outcomes(passed=1, warnings=2)
    result.stdout.fnmatch_lines(["*failed while it looked for connection leaks of the session*"])


@pytest.mark.planted
def test_census_that_disagrees(run, pytester: pytest.Pytester) -> None:
    """A ledger that misses a close is found out by the server, and told as the plugin's own fault."""
    if DATABASE == "sqlite-memory":
        pytest.skip("nothing but the ledger sees a database in memory")
    pytester.makeconftest(
        """
def pytest_runtest_setup(item):
    from pytest_async_orm.leaks.opened_connection import OpenedConnection
    OpenedConnection.is_physically_open = True
"""
    )
    source = """
@pytest.mark.django_db(transaction=True)
def test_closes():
    def work():
        Tag.objects.count()
        connections.close_all()
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
"""
    result = run(source, "-W", "error::pytest_async_orm.CensusDisagreement")
    assert result.parseoutcomes().get("passed") == 1
    result.stdout.fnmatch_lines(
        [("*CensusDisagreement: The plugin's ledger and the server of 'default' disagree: * that the ledger holds for "
         "open*")]
    )  # fmt: skip


def test_a_failing_test_stays_what_it_is(run) -> None:
    """A test that fails and leaks has failed, and its leak is told."""
    result = run(LEAK + "    assert False\n", "--async-orm-leaks=error")
    result.assert_outcomes(failed=1, errors=1)


def test_a_failing_tear_down_stays_what_it_is(run) -> None:
    """An error of a fixture's tear-down is not hidden behind a leak, which is told as a warning."""
    source = """
@pytest.fixture
def fragile():
    yield
    raise ValueError("of the fixture")
""" + LEAK.replace("test_leaks()", "test_leaks(fragile)")
    result = run(source, "--async-orm-leaks=error")
    result.assert_outcomes(passed=1, errors=1, warnings=1)
    result.stdout.fnmatch_lines(["*ValueError: of the fixture*", "*ConnectionLeakWarning*"])


@pytest.mark.parametrize("database", ["db", "transactional_db"])
def test_fixture_that_closes_late(run, database: str) -> None:
    """A fixture that was set up before the database may close after it, sync or async, sandboxed or not."""
    result = run(
        f"""
from concurrent.futures import ThreadPoolExecutor
@pytest.fixture
def pool(django_db_blocker):
    def close():
        connections.close_all()
    with ThreadPoolExecutor(1) as pool:
        yield pool
        pool.submit(close).result()
def test_sync(pool, {database}):
    assert pool.submit(Tag.objects.count).result() == 0
async def test_async(pool, {database}):
    assert await asyncio.wrap_future(pool.submit(Tag.objects.count)) == 0
""",
        "--async-orm-leaks=error",
    )
    result.assert_outcomes(passed=2)


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
def test_load(run, mark: str) -> None:
    """200 real requests: with CONN_MAX_AGE = 60 leak and remedy are named, with 0 and with a pool all is well."""
    pool = DATABASE == "postgresql-pool"
    # A server takes 100 connections at most: what is left open is more than that only in the sandbox.
    number = 200 if not mark or DATABASE.startswith("sqlite") else 60
    options = ["-k", "closed or hides"] if pool else []
    result = run(LOAD.format(mark=mark, number=number), *options, settings="corpus_settings")
    result.assert_outcomes(passed=2 if pool else 5, deselected=3 if pool else 0)


@pytest.mark.usefixtures("corpus_path")
def test_load_of_real_connections(run) -> None:
    """200 real requests with real connections and CONN_MAX_AGE = 0."""
    result = run(LOAD.format(mark="(transaction=True)", number=200), "-k", "closed", settings="corpus_settings")
    result.assert_outcomes(passed=1, deselected=4)
