"""Tests that run more than once, as pytest-rerunfailures and flaky let them, and subtests."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

AGAIN = """
import pytest
from _pytest.runner import runtestprotocol

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    for attempt in range(2):
        item._initrequest()
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        failed = attempt == 0 and any(report.failed for report in reports)
        for report in reports:
            report.outcome = "rerun" if failed and report.failed else report.outcome
            item.ihook.pytest_runtest_logreport(report=report)
        if not failed:
            return True
"""
ATTEMPTS = """
pytestmark = pytest.mark.django_db
attempts = []

def second():
    attempts.append(None)
    return len(attempts) % 2 == 0

async def test_leak():
    if not second():
        await asyncio.to_thread(Tag.objects.count)
        assert False

@pytest.mark.max_queries(1)
async def test_budget():
    await Tag.objects.acount()
    assert second()

async def test_log(query_log):
    await Tag.objects.acount()
    assert len(query_log) == 1
    assert second()

async def test_never_awaited():
    if second():
        Tag.objects.acount()
    else:
        assert False
"""


def test_run_again(run, pytester: pytest.Pytester) -> None:
    """Each run of a test has its own queries, budget, leaks and properties."""
    pytester.makeconftest(AGAIN)
    result = run(ATTEMPTS, "--async-orm-report=report.json", "--junitxml=junit.xml", ini="junit_family = xunit1\n")
    assert result.parseoutcomes()["passed"] == 4
    assert "failed" not in result.parseoutcomes()
    leaks = json.loads((pytester.path / "report.json").read_text())["leaks"]
    assert {(leak["kind"], leak["count"]) for leak in leaks} == {("lingering", 1), ("ORM coroutine never awaited", 1)}
    result.stdout.fnmatch_lines(["*ORM coroutine never awaited: test_inner.py:31"])
    properties = ElementTree.parse(pytester.path / "junit.xml").getroot().findall(".//property")
    told = [found.get("value") for found in properties if found.get("name") == "connection_leak"]
    assert len(told) == len(set(told)) == 2


SUBTESTS = """
from django.test import TestCase

@pytest.mark.django_db
class TestSub(TestCase):
    def test_sub(self):
        for number in range(3):
            with self.subTest(number=number):
                Tag.objects.create(name=str(number))
                assert number != 1
"""


def test_subtests(run, pytester: pytest.Pytester) -> None:
    """A test with subtests is one test of the report, with all of its queries."""
    run(SUBTESTS, "--async-orm-report=report.json")
    tests = json.loads((pytester.path / "report.json").read_text())["queries"]
    assert len(tests) == 1
    assert sum(query["kind"] == "write" for query in tests[0]["queries"]) == 3
