"""What only a whole run shows of leaks: modes, marker, summary, workers and JUnit."""

from __future__ import annotations

import pytest
from leak_programs import LEAK


def test_warn_is_the_default(run) -> None:
    """A leak is an entry of a section of the summary, with line, test and remedy; the test passes without a warning."""
    result = run(LEAK)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["*= connection leaks =*", "1 x orphaned: 'default', test_inner.py:8", "    test_inner.py::test_leaks",
         "*Call django.db.connections.close_all() on that thread*"]
    )  # fmt: skip


@pytest.mark.parametrize("given", ["ini", "option"])
def test_error(run, given: str) -> None:
    """In the mode `error` a leak is an error at the tear-down; the test itself has passed."""
    ini, options = ("async_orm_leaks = error", []) if given == "ini" else ("", ["--async-orm-leaks=error"])
    result = run(LEAK, *options, ini=ini)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*ConnectionsLeaked: The test test_inner.py::test_leaks left connections open*"])


def test_warnings_as_errors(run) -> None:
    """No filter turns what the plugin tells into a failure."""
    for arguments, ini in ((["-W", "error"], ""), ([], "filterwarnings = error")):
        result = run(LEAK, *arguments, ini=ini)
        result.assert_outcomes(passed=1)
        result.stdout.fnmatch_lines(["1 x orphaned: 'default', test_inner.py:8"])


def test_off(run) -> None:
    """In the mode `off` nothing is reported and nothing of the interpreter is replaced."""
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
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*an unknown line*")
    result.stdout.fnmatch_lines(["*= connection leaks =*", "*test_inner.py:10*"])


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
    result = run(FIRST_ON_TRIO, "--asyncio-mode=strict")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["*= connection leaks =*"])
    result.stdout.no_fnmatch_line("*an unknown line*")
    result.stdout.no_fnmatch_line("*work left running*")


@pytest.mark.planted
@pytest.mark.parametrize(
    ("planted", "source"),
    [
        (
            "from pytest_async_orm.leaks.coroutines import Coroutines; Coroutines.track = lambda self: lambda: None",
            FIRST,
        ),
        ("from pytest_async_orm.frames import handoff; handoff._made_task_at = lambda: None", FIRST),
    ],
    ids=["coroutines of the first test", "gather over threads"],
)
def test_lines_that_nobody_notes(run, pytester: pytest.Pytester, planted: str, source: str) -> None:
    """Without what notes the line of an opening, the checks of lines find one that is not known."""
    pytester.makeconftest(f"def pytest_sessionstart():\n    {planted}\n")
    result = run(source.replace("{mark}", "(transaction=True)"))
    result.stdout.fnmatch_lines(["*an unknown line*"])


def test_bad_mode(run) -> None:
    """An unknown mode stops the session and lists the known ones."""
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
    """A marker without a reason is an error of the collection that shows how to give one."""
    marked = LEAK.replace("def test_leaks", f"@pytest.mark.allow_connection_leaks{arguments}\ndef test_leaks")
    result = run(marked)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*allow_connection_leaks takes a reason and nothing else, such as*"])


def test_equal_leaks_are_folded(run) -> None:
    """Equal leaks of many tests are one entry with their count."""
    result = run(LEAK.replace("def test_leaks():", "@pytest.mark.parametrize('n', range(5))\ndef test_leaks(n):"))
    result.assert_outcomes(passed=5)
    result.stdout.fnmatch_lines(
        ["5 x orphaned: 'default', test_inner.py:8",
         "    test_inner.py::test_leaks[[]0], test_inner.py::test_leaks[[]1], * and 2 more"]
    )  # fmt: skip


@pytest.mark.slow
def test_workers_reach_the_summary_once(run) -> None:
    """Under xdist every worker's leaks, its session's too, are in the summary once."""
    pytest.importorskip("xdist")
    source = LEAK.replace("def test_leaks():", "@pytest.mark.parametrize('n', range(6))\ndef test_leaks(n):")
    result = run(source, "-n", "2")
    result.assert_outcomes(passed=6)
    lines = [line for line in result.outlines if " x orphaned" in line]
    assert lines == ["6 x orphaned: 'default', test_inner.py:8"]


@pytest.mark.slow
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
