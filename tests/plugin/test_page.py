"""The page as text: nothing in it breaks out, nothing is lost, and it stays small."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
from typing import Any

import pytest
from documents import HALF, HOSTILE, a_query, a_session, a_test, data_of, many_queries, queries_of

from pytest_async_orm.report.page import page

pytestmark = pytest.mark.any_database

PLANTED = ("sql", "params", "fingerprint", "task_name", "thread_name", "call_site", "error", "alias")


@pytest.mark.parametrize("planted", PLANTED)
def test_no_query_breaks_out_of_the_data(planted: str) -> None:
    """Markup in any text of a query is the same text again, and no element of the page."""
    text = page(a_session(a_test("a::b", [a_query(**{planted: HOSTILE + HALF})])))
    data = data_of(text)
    assert "<img" not in text
    assert text.count("</script>") == 2
    assert queries_of(data, data["tests"][0])[0][planted] == HOSTILE + HALF


def test_no_test_id_or_version_breaks_out() -> None:
    """Markup in the id of a test, in an N+1 group or in the environment is shown, not run."""
    group = {"fingerprint": HOSTILE, "call_site": HOSTILE, "loop": None, "count": 3, "remedy": HOSTILE}
    session = a_session(a_test(f"a::{HOSTILE}", [], n_plus_one=[group]), environment={"python": "<img src=x>"})
    text = page(session)
    assert "<img" not in text
    assert data_of(text)["tests"][0]["test"] == f"a::{HOSTILE}"
    text.encode("utf-8")


def test_every_field_comes_back() -> None:
    """Tables and columns hold what the document holds: mixed queries, equal ones, and none."""
    mixed = [
        a_query(1, rows=3, error="IntegrityError: x", task_name="Task-1", in_transaction=True, many=True),
        a_query(0, params=None, call_site="", stack=[], attributed=False, alias="other", call=7),
        a_query(2, kind="savepoint", sql="SAVEPOINT x", fingerprint="SAVEPOINT x", duration_ms=1234.567),
    ]
    session = a_session(a_test("a", mixed), a_test("b", [a_query(5), a_query(5)]), a_test("c", []))
    data = data_of(page(session))
    for test, packed in zip(session["queries"], data["tests"], strict=True):
        assert queries_of(data, packed) == [expected(query, test["queries"]) for query in test["queries"]]
    assert data["tests"][1]["columns"]["start"] == 0


def expected(query: dict[str, Any], queries: list[dict[str, Any]]) -> dict[str, Any]:
    first = min(one["started_at"] for one in queries)
    times = {"start": round(1e6 * (query["started_at"] - first)), "duration": round(1000 * query["duration_ms"])}
    return {name: value for name, value in query.items() if name not in {"started_at", "duration_ms"}} | times


def test_a_hundred_thousand_queries_stay_small() -> None:
    """What every query has of its own takes at most 60 bytes of the page."""
    small = len(page(a_session(many_queries(100))).encode())
    assert len(page(a_session(many_queries(100_000))).encode()) - small < 60 * 100_000


def test_nothing_is_fetched_and_nothing_else_is_run() -> None:
    """The policy of the page lets its own script and style run, by their hashes, and fetches nothing."""
    text = page(a_session())
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    script = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    style = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    policy = policy.replace("&#x27;", "'").replace("&#39;", "'")
    assert "default-src 'none'" in policy
    for (content,) in (script, style):
        assert base64.b64encode(hashlib.sha256(content.encode()).digest()).decode() in policy
    assert not re.findall(r"https?://", text)


def test_the_page_needs_no_settings() -> None:
    """The template is rendered where Django has no settings, and leaves it so."""
    source = (
        "from pytest_async_orm.report.page import page\n"
        "from django.conf import settings\n"
        "page({'environment': {}, 'queries': [], 'leaks': []})\n"
        "assert not settings.configured\n"
    )
    subprocess.run([sys.executable, "-c", source], check=True, timeout=60)


def test_a_session_writes_its_page(run, pytester: pytest.Pytester) -> None:
    """A whole run leaves the page, with the folder that its lines are relative to; the report has no such folder."""
    result = run(
        """
@pytest.mark.django_db
async def test_sends():
    assert await Tag.objects.acount() == 0
""",
        "--async-orm-html=page.html",
        "--async-orm-report=report.json",
    )
    result.assert_outcomes(passed=1)
    data = data_of((pytester.path / "page.html").read_text("utf-8"))
    (query,) = queries_of(data, data["tests"][0])
    assert data["root"] == str(pytester.path)
    assert query["call_site"].startswith("test_inner.py:")
    assert '"root"' not in (pytester.path / "report.json").read_text("utf-8")
