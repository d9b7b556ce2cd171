"""What only a whole pytest run shows of recorded queries: fixtures, logs, assertions never entered, anyio."""

from __future__ import annotations

import pytest


def test_fixtures(run) -> None:
    """Every assertion is a fixture too; pytest-django's own count right in async tests, in sync ones as before."""
    result = run(
        """
from pytest_async_orm import QueryLog
pytestmark = pytest.mark.django_db
async def test_ours(async_assert_num_queries, async_assert_max_num_queries, query_log):
    async with async_assert_num_queries(2):
        await Tag.objects.acreate(name="a")
        await Tag.objects.acount()
    with async_assert_max_num_queries(1) as log:
        await Tag.objects.acount()
    assert log[0].kind == "read"
    assert [query.kind for query in query_log] == ["write", "read", "read"]
async def test_djangos(django_assert_num_queries, django_assert_max_num_queries):
    with django_assert_num_queries(1) as captured:
        await Tag.objects.acount()
    assert captured.captured_queries[0]["sql"] == captured[0]["sql"] == captured[0].sql
    with django_assert_max_num_queries(1, using="default"):
        await Tag.objects.acount()
    assert isinstance(captured, QueryLog)
async def test_djangos_attributes(django_assert_num_queries, django_assert_max_num_queries):
    with django_assert_num_queries(0) as captured:
        assert captured.final_queries is None
    with django_assert_num_queries(2, connection=connection) as captured:
        await Tag.objects.acount()
        assert len(captured) == len(list(captured)) == 1
        await Tag.objects.acount()
    first, last = captured.initial_queries, captured.final_queries
    assert last - first == len(captured.captured_queries) == 2 and captured.connection.alias == "default"
    assert [dict(query) for query in captured] == captured.captured_queries
    assert all("sql" in query and 0 not in query and query.get("rows") is None for query in captured)
    assert [query["sql"] for query in captured[0:2]] == [query["sql"] for query in captured]
    with django_assert_num_queries(5, exact=False):
        await Tag.objects.acount()
    with django_assert_max_num_queries(1, exact=True):
        await Tag.objects.acount()
    with pytest.raises(ValueError, match="cannot be used together"):
        with django_assert_num_queries(1, connection=connection, using="default"):
            pass
    with pytest.raises(connections.exception_class, match="defualt"):
        with django_assert_num_queries(1, using="defualt"):
            pass
async def test_djangos_exception(django_assert_num_queries, django_assert_max_num_queries):
    with pytest.raises(pytest.fail.Exception, match="(?s)perform 2 queries but 1 was done.why:.*SELECT COUNT"):
        with django_assert_num_queries(2, info="why"):
            await Tag.objects.acount()
    with pytest.raises(pytest.fail.Exception, match="perform 0 queries or less but 1 was done"):
        with django_assert_max_num_queries(0):
            await Tag.objects.acount()
    with pytest.raises(KeyError):
        with django_assert_num_queries(2):
            raise KeyError
async def test_djangos_fail(django_assert_num_queries):
    with django_assert_num_queries(3, info="why"):
        await Tag.objects.acount()
def test_sync(django_assert_num_queries):
    with django_assert_num_queries(1) as captured:
        Tag.objects.count()
    assert not isinstance(captured, QueryLog)
"""
    )
    result.assert_outcomes(passed=5, failed=1)
    result.stdout.fnmatch_lines(
        ["*Expected to perform 3 queries but 1 was done", "*why:", "*test_inner.py:*SELECT COUNT*"]
    )


def test_log_of_a_test(run) -> None:
    """The log of a test holds the test function alone, from every thread, and marks what belongs to nobody."""
    result = run(
        """
import contextvars
@pytest.fixture
def row(db):
    return Tag.objects.create(name="fixture")
async def test_it(row, query_log):
    assert len(query_log) == 0
    await Tag.objects.acount()
    await asyncio.to_thread(Tag.objects.count)
    thread = threading.Thread(target=Tag.objects.count); thread.start(); thread.join()
    await contextvars.Context().run(asyncio.ensure_future, Tag.objects.acount())
    assert [query.attributed for query in query_log] == [True, True, True, False]
"""
    )
    result.assert_outcomes(passed=1)
    result = run(
        """
@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_under_anyio(db, query_log, anyio_backend):
    await Tag.objects.acount()
    assert [query.attributed for query in query_log] == [True]
""",
        "-o", "asyncio_mode=strict",
    )  # fmt: skip
    result.assert_outcomes(passed=1)


NEVER_ENTERED = """
from pytest_async_orm import assert_no_leaks, assert_no_n_plus_one, assert_num_queries, record_queries
pytestmark = pytest.mark.django_db
LIMIT = assert_num_queries(99)
@pytest.fixture
def limit():
    return assert_num_queries(99)
async def test_statement():
    assert_num_queries(99)
async def test_fixture(async_assert_max_num_queries):
    async_assert_max_num_queries(0)
    await Tag.objects.acount()
def test_variable():
    forgotten = assert_no_n_plus_one()
def test_no_leaks():
    assert_no_leaks()
def test_own_failure():
    assert_num_queries(99)
    raise ValueError("my own")
async def test_right(limit):
    record_queries()
    with pytest.raises(TypeError):
        assert_num_queries("x")
    for _ in range(2):
        with assert_num_queries(1) as log:
            await Tag.objects.acount()
"""


def test_assertions_never_entered(run) -> None:
    """An assertion that a test makes and never enters checks nothing: the test fails, and the line is named."""
    result = run(NEVER_ENTERED)
    result.assert_outcomes(passed=1, failed=5)
    result.stdout.fnmatch_lines_random(
        [f"*test_{name} passed, but an assertion was never entered, *test_inner.py:{line}*"
         for name, line in (("statement", 14), ("fixture", 16), ("variable", 19), ("no_leaks", 21))]
        + ["*ValueError: my own"]
    )  # fmt: skip


@pytest.mark.planted
def test_an_assertion_in_vain_would_be_seen(run, pytester: pytest.Pytester) -> None:
    """The check of assertions that are never entered fails where nobody is told of one."""
    pytester.makeconftest(
        """
def pytest_sessionstart():
    from pytest_async_orm.frames.never_entered import MustBeEntered
    MustBeEntered.__del__ = lambda self: None
"""
    )
    run(NEVER_ENTERED).assert_outcomes(passed=5, failed=1)


def test_recordings_outside_of_a_database_test(run) -> None:
    """A recording that has nothing to watch is an error, never a zero."""
    result = run(
        """
from pytest_async_orm import assert_no_queries, record_queries, NothingRecorded
async def test_nothing():
    with pytest.raises(NothingRecorded, match="no connection to a database was there to be watched"):
        with assert_no_queries():
            pass
"""
    )
    result.assert_outcomes(passed=1)


OPENED = """
from django.db.backends.signals import connection_created

def ask(connection, **_):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")

connection_created.connect(ask, weak=False)

@pytest.mark.django_db(transaction=True)
async def test_opens(django_assert_num_queries):
    def count():
        connections["default"].close()
        with django_assert_num_queries(1):
            Tag.objects.count()
        connections.close_all()
    await asyncio.to_thread(count)
"""


def test_what_opens_a_connection_is_not_counted(run) -> None:
    """pytest-django's assertion opens the calling thread's connection before it counts."""
    run(OPENED).assert_outcomes(passed=1)


SET_UP_BY_A_TASK = """
from pytest_async_orm import record_queries

def create():
    Tag.objects.create(name="a")
    connections.close_all()

@pytest.mark.django_db(transaction=True)
async def test_opens(django_assert_num_queries):
    await Tag.objects.acount()
    await sync_to_async(connections.close_all)()
    with record_queries() as whole, django_assert_num_queries(2):
        # A connection that is opened again, and one that is new.
        await Tag.objects.acount()
        await asyncio.to_thread(create)
    assert [query.kind for query in whole] == ["read", "write"]
"""


def test_what_a_tasks_thread_sets_its_connection_up_with_is_not_counted(run) -> None:
    """MySQL's backend asks for the server's version, and sets what it needs, by statements of Django's own cursor."""
    run(SET_UP_BY_A_TASK).assert_outcomes(passed=1)
