"""What only a whole pytest run shows of recorded queries: fixtures, budgets, snapshots, reports, xdist, anyio."""

from __future__ import annotations

import json

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


def test_budgets(run) -> None:
    """Markers and ini options give a test a budget; what exceeds it fails in the call; a failure keeps its reason."""
    result = run(
        """
pytestmark = pytest.mark.django_db
async def queries(number):
    for _ in range(number):
        await Tag.objects.acount()
@pytest.mark.max_queries(2)
async def test_over():
    await queries(3)
@pytest.mark.max_queries(0, using="other")
async def test_of_an_alias():
    await queries(2)
@pytest.mark.max_queries(9)
@pytest.mark.no_n_plus_one(threshold=3)
async def test_loop():
    await queries(4)
@pytest.mark.max_queries(9)
async def test_within():
    await queries(3)
async def test_ini():
    await queries(6)
@pytest.mark.max_queries(0)
async def test_own_failure():
    await queries(1)
    raise ValueError("my own")
@pytest.mark.max_queries(0)
def test_sync():
    Tag.objects.count()
""",
        ini="async_orm_max_queries = 5\nasync_orm_n_plus_one = off\n",
    )
    result.assert_outcomes(passed=2, failed=5)
    result.stdout.fnmatch_lines(
        [
            "*test_over: Expected at most 2 queries, but 3 were sent:",
            "*test_loop: Expected no query more than 3 times from one line, but:",
            "*test_inner.py:* sent one query 4 times, in the loop at test_inner.py:*",
            "*test_ini: Expected at most 5 queries, but 6 were sent:",
            "*ValueError: my own",
            "*test_sync: Expected at most 0 queries, but 1 was sent:",
        ]
    )


def test_a_budget_trusts_no_blind_recording(run) -> None:
    """Where a connection was used whose queries nobody can see, a budget is an error, not too small a number."""
    result = run(
        """
from pytest_async_orm.patches.process import PROCESS
@pytest.mark.django_db
@pytest.mark.max_queries(5)
async def test_it():
    await Tag.objects.acount()
    PROCESS.native_used["other"] += 1
"""
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*NothingRecorded: A native async connection to 'other' was used while*"])


def test_n_plus_one_by_ini(run) -> None:
    """The ini option tells of loops in the summary, or fails the test, or does nothing."""
    source = """
pytestmark = pytest.mark.django_db
async def test_it():
    for _ in range(3):
        await Tag.objects.acount()
"""
    for reaction, outcome in (("off", {"passed": 1}), ("error", {"failed": 1}), ("warn", {"passed": 1})):
        result = run(source, "-W", "error", ini=f"async_orm_n_plus_one = {reaction}\n")
        result.assert_outcomes(**outcome)
        assert ("N+1 queries" in result.stdout.str()) == (reaction == "warn")


@pytest.mark.parametrize(
    ("ini", "text"),
    [
        ("async_orm_max_queries = many", "*async_orm_max_queries is 'many': use a number of queries, such as 50.*"),
        ("async_orm_n_plus_one = maybe", "*async_orm_n_plus_one is 'maybe': use one of 'off', 'warn', 'error'.*"),
    ],
)
def test_bad_ini_values(run, ini: str, text: str) -> None:
    """A bad value stops the session at once and says what is allowed."""
    result = run("def test_never(): pass", ini=ini)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([text])


@pytest.mark.parametrize("workers", [[], ["-n", "1"]])
def test_bad_markers(run, workers: list[str]) -> None:
    """A marker with bad arguments is an error of the collection, with the values that there are."""
    result = run(
        """
pytestmark = pytest.mark.django_db
@pytest.mark.max_queries("many")
async def test_number(): pass
@pytest.mark.max_queries
async def test_none(): pass
@pytest.mark.max_queries(0, using="defualt")
async def test_alias(): pass
@pytest.mark.no_n_plus_one(threshold=0)
async def test_threshold(): pass
@pytest.mark.no_n_plus_one(threshold="x")
async def test_word(): pass
@pytest.mark.allow_connection_leaks("why")
async def test_leaks(): pass
""",
        *workers,
    )
    assert "passed" not in result.parseoutcomes()
    text = result.stdout.str()
    for expected in (
        "max_queries('many') takes a number of queries and an alias if you like",
        "max_queries() takes a number of queries",
        "using of the marker max_queries is 'defualt': use one of 'default', 'other'. Did you mean 'default'?",
        "no_n_plus_one(0) takes a number of times",
        "no_n_plus_one('x') takes a number of times",
        "allow_connection_leaks takes a reason and nothing else",
    ):
        assert expected in text


def test_bad_option(run) -> None:
    """A number of tests that is none is a usage error that says what to give."""
    for value in ("x", "0", "-1"):
        result = run("def test_never(): pass", f"--async-orm-top={value}")
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([f"*--async-orm-top: '{value}' is no number of tests: use one above 0*"])


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


SNAPSHOTS = """
pytestmark = pytest.mark.django_db
async def test_whole(query_snapshot):
    await Tag.objects.acount()
async def test_blocks(query_snapshot):
    async with query_snapshot("first"):
        await Tag.objects.aget_or_create(name="a")
    with query_snapshot("second"):
        await asyncio.gather(*(Tag.objects.acount() for _ in range(EXTRA)))
@pytest.mark.parametrize("name", ["ä b/c", "d"])
async def test_names(query_snapshot, name):
    await Tag.objects.filter(name=name).acount()
"""


def test_snapshots(run, pytester: pytest.Pytester) -> None:
    """Snapshots are written on demand beside the test, compared later, also by workers, with a readable difference."""
    before = SNAPSHOTS.replace("EXTRA", "2")
    missing = run(before)
    missing.assert_outcomes(failed=4)
    missing.stdout.fnmatch_lines(["*There is no snapshot of these queries yet: run it once with *__query_snapshots__*"])
    run(before, "--async-orm-update-snapshots", "-n", "2").assert_outcomes(passed=4)
    files = sorted(path.name for path in (pytester.path / "__query_snapshots__" / "test_inner").iterdir())
    assert len(files) == 5
    assert {"test_whole.sql", "test_blocks.first.sql", "test_blocks.second.sql"} < set(files)
    run(before, "-n", "2").assert_outcomes(passed=4)
    changed = run(SNAPSHOTS.replace("EXTRA", "3"))
    changed.assert_outcomes(passed=3, failed=1)
    changed.stdout.fnmatch_lines(["*-2 x SELECT COUNT*", "*+3 x SELECT COUNT*", "*If that is right, run it once with*"])


def test_report_from_workers(run, pytester: pytest.Pytester) -> None:
    """The JSON file and the summary hold every worker's tests once, with all fields of their queries."""
    source = """
pytestmark = pytest.mark.django_db
@pytest.mark.parametrize("number", range(4))
async def test_it(number):
    for _ in range(number):
        await Tag.objects.filter(name="a").acount()
def test_without_queries(): pass
"""
    result = run(source, "-n", "2", "--async-orm-report=report.json", "--async-orm-top=2")
    result.assert_outcomes(passed=5)
    result.stdout.fnmatch_lines(
        ["*async ORM queries*", "Most queries:", "*3  test_inner.py::test_it[[]3[]]", "Slowest queries:", "N+1:",
         "*3 x  test_inner.py:*", "--async-orm-report: written to report.json"]
    )  # fmt: skip
    report = json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))
    assert report["environment"]["databases"].keys() == {"default", "other"}
    counts = {test["test"]: test["count"] for test in report["queries"]}
    assert counts == {
        "test_inner.py::test_without_queries": 0,
        **{f"test_inner.py::test_it[{number}]": number for number in range(4)},
    }
    (three,) = [test for test in report["queries"] if test["count"] == 3]
    assert three["queries"][0]["call_site"].startswith("test_inner.py:")
    assert three["n_plus_one"][0]["count"] == 3


def test_leaks_in_the_report(run, pytester: pytest.Pytester) -> None:
    """The JSON file holds leaks and connections beside the queries, equal leaks of two workers as one."""
    source = """
@pytest.mark.django_db
@pytest.mark.parametrize("number", range(4))
async def test_it(number):
    thread = threading.Thread(target=Tag.objects.count)
    thread.start()
    await asyncio.to_thread(thread.join)
"""
    run(source, "-n", "2", "--async-orm-report=report.json").assert_outcomes(passed=4)
    report = json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))
    (leak,) = report["leaks"]
    assert (leak["kind"], leak["count"], len(leak["tests"])) == ("orphaned", 4, 4)
    assert leak["line"].startswith("test_inner.py:")
    assert len([one for one in report["connections"] if one["line"] == leak["line"]]) == 4


def test_report_that_cannot_be_written(run, pytester: pytest.Pytester) -> None:
    """A file in no folder is refused before the first test; one that fails at the end is told and fails the session."""
    source = "@pytest.mark.django_db\nasync def test_it():\n    await Tag.objects.acount()\n"
    refused = run(source, "--async-orm-report=nowhere/report.json")
    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    refused.stderr.fnmatch_lines(["*--async-orm-report=nowhere/report.json: give a file in a folder that exists.*"])
    (pytester.path / "folder").mkdir()
    late = source + "    import pathlib; pathlib.Path('folder').rmdir()\n"
    result = run(late, "--async-orm-report=folder/report.json")
    result.assert_outcomes(passed=1)
    assert result.ret != 0
    result.stdout.fnmatch_lines(["async ORM: folder/report.json was not written: *Make room or name another file*"])


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
