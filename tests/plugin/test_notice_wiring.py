"""What only a whole pytest run shows of what it tells: traps in the settings, and the interpreter's own warnings."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.any_database
BAD_SETTINGS = """
from natural_settings import *
for one in DATABASES.values():
    one["CONN_MAX_AGE"] = 600
    one.get("OPTIONS", {}).pop("pool", None)
"""
BAD_ENVIRONMENT = """
@pytest.mark.django_db
async def test_one(): pass
@pytest.mark.django_db
async def test_two(): pass
@pytest.mark.django_db
def test_sync(): pass
async def test_no_database(): pass
"""


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
@pytest.mark.slow
def test_traps_are_told_once(run, pytester: pytest.Pytester, workers: list[str]) -> None:
    """A setting that is known to be bad is told once in a session, in a section, and no filter makes it a failure."""
    pytester.makepyfile(bad_settings=BAD_SETTINGS)
    result = run(BAD_ENVIRONMENT, "-W", "error", "--junitxml=junit.xml", *workers, settings="bad_settings")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(
        ["*= environment of async tests =*", "CONN_MAX_AGE is above 0 for 'default', 'other'.*"]
    )
    assert result.stdout.str().count("CONN_MAX_AGE is above 0") == 1
    assert 'name="async_orm_environment" value="CONN_MAX_AGE' in (pytester.path / "junit.xml").read_text()


@pytest.mark.parametrize("chosen", ["test_sync", "no_database"])
def test_traps_are_for_async_database_tests(run, pytester: pytest.Pytester, chosen: str) -> None:
    """A session without an async test that uses a database is told nothing."""
    pytester.makepyfile(bad_settings=BAD_SETTINGS)
    result = run(BAD_ENVIRONMENT, "-W", "error", "-k", chosen, settings="bad_settings")
    result.assert_outcomes(passed=1, deselected=3)
    result.stdout.no_fnmatch_line("*CONN_MAX_AGE*")


@pytest.mark.slow
def test_notices_reach_the_files(run, pytester: pytest.Pytester) -> None:
    """What is told in the terminal is in the JSON file and in the page, from workers too, and equal texts are one."""
    pytester.makepyfile(bad_settings=BAD_SETTINGS)
    options = ["--async-orm-report=report.json", "--async-orm-html=page.html", "-n", "2"]
    run(BAD_ENVIRONMENT, *options, settings="bad_settings").assert_outcomes(passed=4)
    notices = json.loads((pytester.path / "report.json").read_text())["notices"]
    (told,) = [notice for notice in notices if notice["text"].startswith("CONN_MAX_AGE")]
    assert told["topic"] == "environment of async tests"
    assert "CONN_MAX_AGE is above 0 for" in (pytester.path / "page.html").read_text()


@pytest.mark.planted
def test_a_notice_by_a_warning_would_fail(run, pytester: pytest.Pytester) -> None:
    """The check of warnings sees one: if the plugin told by `warnings`, `-W error` would turn the session red."""
    pytester.makepyfile(bad_settings=BAD_SETTINGS)
    pytester.makeconftest(
        """
import warnings
def pytest_runtest_setup(item):
    from pytest_async_orm.hooks import telling
    telling.tell = lambda item, topic, text: warnings.warn(text, stacklevel=2)
"""
    )
    result = run(BAD_ENVIRONMENT, "-W", "error", settings="bad_settings")
    assert result.parseoutcomes().get("failed")


FORGOTTEN = """
import warnings
@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["async", "sync"])
def test_forgotten(kind):
    async def mine(): pass
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        mine()
        Tag.objects.acount()
    places = [(one.filename, one.lineno) for one in caught]
    assert places == [(__file__, 14), (__file__, 15)]
"""


def test_never_awaited_keeps_the_users_line(run) -> None:
    """The interpreter's warning of a forgotten coroutine names the user's line, so that filters by module match."""
    result = run(FORGOTTEN)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["* x ORM coroutine never awaited: test_inner.py:15"])
    source = "@pytest.mark.django_db\ndef test_it():\n    Tag.objects.acount()\n"
    ini = "filterwarnings =\n    error\n    ignore:coroutine .* was never awaited:RuntimeWarning:test_inner\n"
    run(source, ini=ini).assert_outcomes(passed=1)


@pytest.mark.planted
def test_a_frame_of_ours_would_be_named(run, pytester: pytest.Pytester) -> None:
    """The check sees a frame between the interpreter and the function that warns of its caller."""
    pytester.makeconftest(
        """
import pytest, warnings
@pytest.fixture(autouse=True)
def planted(monkeypatch):
    original = warnings._warn_unawaited_coroutine
    monkeypatch.setattr(warnings, "_warn_unawaited_coroutine", lambda coroutine: original(coroutine))
"""
    )
    run(FORGOTTEN).assert_outcomes(failed=2)
