"""Faults beside leaks: of the plugin, of the census, and of tests that fail anyway."""

from __future__ import annotations

import pytest
from leak_programs import DATABASE, LEAK

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
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["*= faults of pytest-async-orm =*", "pytest-async-orm failed while it looked for connection leaks of*",
         "*planted*"]
    )  # fmt: skip


@pytest.mark.planted
def test_crash_of_the_last_judgement(run, pytester: pytest.Pytester) -> None:
    """And so is a crash at the session's end."""
    pytester.makeconftest(CRASH.format(method="session"))
    result = run(LEAK, "-rA")
    result.assert_outcomes(passed=1)
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
    result = run(source, "-W", "error")
    assert result.parseoutcomes().get("passed") == 1
    result.stdout.fnmatch_lines(
        ["*= faults of pytest-async-orm =*",
         "The plugin's ledger and the server of 'default' disagree: * that the ledger holds for open*"]
    )  # fmt: skip


def test_a_failing_test_stays_what_it_is(run) -> None:
    """A test that fails and leaks has failed, and its leak is reported."""
    result = run(LEAK + "    assert False\n", "--async-orm-leaks=error")
    result.assert_outcomes(failed=1, errors=1)


HELD = """
@pytest.mark.django_db
def test_it(subtests):
    cursor = connections["default"].cursor()
    {failing}
"""


@pytest.mark.parametrize("failing", ["assert False", "with subtests.test('part'): assert False"])
def test_what_a_failure_holds_is_no_leak(run, failing: str) -> None:
    """The report of a test, or of a part of it, keeps the frames of what failed, and with them a cursor."""
    result = run(HELD.format(failing=failing))
    assert result.parseoutcomes().get("failed")
    assert "connection leaks" not in result.stdout.str()
    result = run(HELD.format(failing="pytest.kept = cursor"))
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*= connection leaks =*", "1 x cursor left open: *"])


def test_a_failure_of_unittest_is_one(run, pytester: pytest.Pytester) -> None:
    """pytest keeps what a method raised, and says so when the report is made."""
    pytester.makeconftest(
        """
def pytest_runtest_teardown(item):
    from pytest_async_orm.hooks import leaks
    print("FAILED", leaks._FAILED in item.stash)
"""
    )
    source = """
from unittest import TestCase
class TestIt(TestCase):
    def test_fails(self):
        assert False
    def test_passes(self):
        pass
"""
    result = run(source, "-s")
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["*FAILED True*", "*FAILED False*"])


def test_a_failing_tear_down_stays_what_it_is(run) -> None:
    """An error of a fixture's tear-down is not hidden behind a leak, which is told in the summary."""
    source = """
@pytest.fixture
def fragile():
    yield
    raise ValueError("of the fixture")
""" + LEAK.replace("test_leaks()", "test_leaks(fragile)")
    result = run(source, "--async-orm-leaks=error")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*ValueError: of the fixture*", "*= connection leaks =*", "1 x orphaned: *"])


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
