"""What only a whole pytest run shows of files about queries: snapshots, and the report, from workers too."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.any_database
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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
