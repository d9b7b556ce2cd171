"""What only a whole pytest run shows of budgets of queries: markers, ini options, and bad values of them."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.any_database


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
@pytest.mark.slow
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
