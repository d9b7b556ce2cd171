"""The page in a real browser, from a file address, on a desktop and on a phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browser import SIZES, complaints, overflow, show, visible
from documents import HOSTILE, a_connection, a_leak, a_session, many_queries
from pages import BLOG, at, blog
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from pytest_async_orm.report.page import page

pytestmark = pytest.mark.any_database

Open = Callable[..., webdriver.Chrome]


@pytest.fixture(params=SIZES)
def opened(request: pytest.FixtureRequest, chromium: webdriver.Chrome, tmp_path: Path) -> Open:
    """Open the page of a document at one size, at an address within it."""

    def call(document: dict[str, Any], at: str = "") -> webdriver.Chrome:
        path = tmp_path / "page.html"
        path.write_text(page(document), encoding="utf-8")
        return show(chromium, path.as_uri() + at, request.param)

    return call


@pytest.fixture
def browser(opened: Open) -> webdriver.Chrome:
    """The browser on the first view of the blog's page."""
    return opened(blog())


def shown_tests(browser: webdriver.Chrome) -> list[str]:
    return [row.get_attribute("data-test") or "" for row in visible(browser, "tr[data-test]")]


def open_test(browser: webdriver.Chrome, name: str) -> None:
    visible(browser, f'tr[data-test="{name}"] a')[0].click()
    wait_for(browser, lambda: browser.find_elements(By.ID, "queries-head"))


def wait_for(browser: webdriver.Chrome, true: Callable[[], object]) -> None:
    WebDriverWait(browser, 10).until(lambda _: true())


def dock(browser: webdriver.Chrome) -> str:
    return "".join(element.text for element in visible(browser, "#query"))


def test_a_click_leads_from_a_test_to_a_query_and_its_line(browser: webdriver.Chrome) -> None:
    """A test shows its N+1 and its queries, and a query its SQL, its parameters and its lines."""
    open_test(browser, BLOG)
    assert "Use select_related() before the loop." in browser.find_element(By.CLASS_NAME, "n1").text
    visible(browser, 'tr[data-query="2"] td.sql')[0].click()
    wait_for(browser, lambda: dock(browser))
    assert "INSERT INTO tag" in dock(browser)
    assert "IntegrityError: twice" in dock(browser)
    assert "tests/test_blog.py:2" in dock(browser)
    assert browser.current_url.endswith("&query=2")
    assert overflow(browser) == 0
    assert complaints(browser) == []


def test_lines_open_as_asked(opened: Open) -> None:
    """A line is text to copy, until somebody asks for links into their editor; the folder is theirs to change."""
    browser = opened(blog(), at(BLOG, 2))
    assert not visible(browser, "#query a")
    for way, address in (("vscode", "vscode://file/project/tests/"), ("file", "file:///project/tests/")):
        visible(browser, f'#way option[value="{way}"]')[0].click()
        links = [link.get_attribute("href") or "" for link in visible(browser, "#query .stack a")]
        assert links[0].startswith(f"{address}test_blog.py")
    root = browser.find_element(By.ID, "root")
    root.clear()
    root.send_keys("C:\\my work", Keys.TAB)
    assert visible(browser, "#query .stack a")[0].get_attribute("href") == "file:///C:/my%20work/tests/test_blog.py"
    browser.execute_script("localStorage.clear()")


def test_the_list_is_searched_filtered_and_sorted(browser: webdriver.Chrome) -> None:
    """Words and filters leave the tests that have them, the address keeps both, and a heading sorts."""
    assert len(shown_tests(browser)) == 4
    browser.find_element(By.ID, "search").send_keys("test_blog lists")
    assert shown_tests(browser) == [BLOG]
    browser.find_element(By.ID, "search").send_keys(Keys.CONTROL + "a", Keys.BACKSPACE)
    visible(browser, '[data-only="failed"]')[0].click()
    assert shown_tests(browser) == ["tests/test_long.py::test_cut"]
    address = browser.current_url
    browser.get("about:blank")
    browser.get(address)
    assert shown_tests(browser) == ["tests/test_long.py::test_cut"]
    visible(browser, '[data-only="failed"]')[0].click()
    visible(browser, '#tests [data-sort="count"] button')[0].click()
    assert shown_tests(browser)[:2] == ["tests/test_long.py::test_cut", BLOG]


def test_a_query_has_a_permanent_link(opened: Open) -> None:
    """The address of a query opens it for somebody else, with its row in sight, out of its fold."""
    browser = opened(blog(), at(BLOG, 5))
    assert "Query 5" in dock(browser)
    assert [row.get_attribute("data-query") for row in visible(browser, "tr[aria-current=true][data-query]")] == ["5"]


def test_equal_neighbours_are_folded(opened: Open) -> None:
    """Five equal queries are one row until it is unfolded; those of an N+1 can be shown alone, in the table and
    in the timeline.
    """
    browser = opened(blog(), at(BLOG))
    assert len(visible(browser, "tr[data-query]")) == 3
    visible(browser, "button.fold")[0].click()
    assert len(visible(browser, "tr[data-query]")) == 8
    visible(browser, ".n1 .in button")[0].click()
    assert "5 of 8 queries" in browser.find_element(By.TAG_NAME, "main").text
    assert len(visible(browser, "tr[data-query]")) == 5
    assert not visible(browser, "button.fold")
    assert len(visible(browser, ".timeline .bar:not(.apart)")) == 5


def test_the_table_is_filtered(opened: Open) -> None:
    """Words in SQL, lines and errors, and the kind, leave the queries that have them."""
    browser = opened(blog(), at(BLOG))
    visible(browser, '[data-kind="write"]')[0].click()
    assert [row.get_attribute("data-query") for row in visible(browser, "tr[data-query]")] == ["2"]
    visible(browser, '[data-kind="write"]')[0].click()
    browser.find_element(By.ID, "find").send_keys("STRAY")
    assert [row.get_attribute("data-query") for row in visible(browser, "tr[data-query]")] == ["8"]
    assert "no block" in visible(browser, "tr[data-query]")[0].text


def test_the_timeline_has_a_lane_for_each_task_and_thread(opened: Open) -> None:
    """Three lanes, with their queries as bars that tell what they are, and open it."""
    browser = opened(blog(), at(BLOG))
    lanes = [lane.get_attribute("aria-label") for lane in visible(browser, ".timeline .lane[aria-label]")]
    assert lanes == ["MainThread", "Task-1", "stray"]
    bars = [bar.get_attribute("aria-label") or "" for bar in visible(browser, ".timeline .bar")]
    assert any("Query 2, write" in bar and bar.endswith("failed") for bar in bars)
    bar = visible(browser, '.timeline .bar[aria-label^="Query 8"]')[0]
    bar.click()
    wait_for(browser, lambda: "Query 8" in dock(browser))


def test_the_keyboard_is_enough(opened: Open) -> None:
    """Arrows walk over the bars, Enter opens a query, Escape closes it and goes back; a slash goes to a search."""
    browser = opened(blog(), at(BLOG))
    first = visible(browser, ".timeline .bar[tabindex='0']")[0]
    browser.execute_script("arguments[0].focus()", first)
    first.send_keys(Keys.ARROW_RIGHT)
    bar = browser.switch_to.active_element
    assert (bar.get_attribute("aria-label") or "").startswith("Query 2")
    assert "INSERT INTO tag" in visible(browser, "#tip")[0].text
    bar.send_keys(Keys.ENTER)
    wait_for(browser, lambda: "Query 2" in dock(browser))
    assert browser.switch_to.active_element.get_attribute("id") == "query-head"
    browser.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert dock(browser) == ""
    assert browser.switch_to.active_element == bar
    bar.send_keys("/")
    assert browser.switch_to.active_element.get_attribute("type") == "search"


def test_hostile_text_is_shown_as_text(opened: Open) -> None:
    """Markup in ids, SQL, parameters and lines makes no element and runs nothing."""
    browser = opened(blog(), at("tests/test_x.py::" + HOSTILE + "!"))
    assert "This session has no test" in browser.find_element(By.TAG_NAME, "main").text
    rows = visible(browser, "tr[data-test^='tests/test_x.py'] a")
    rows[0].click()
    wait_for(browser, lambda: visible(browser, 'tr[data-query="1"] a'))
    visible(browser, 'tr[data-query="1"] a')[0].click()
    wait_for(browser, lambda: dock(browser))
    assert "<img src=x onerror=alert(1)>" in dock(browser)
    assert not browser.find_elements(By.CSS_SELECTOR, "img")
    assert overflow(browser) == 0
    assert complaints(browser) == []


@pytest.mark.parametrize(
    ("test", "told"),
    [
        ("tests/test_long.py::test_cut", "11 queries more were counted and not kept: the first 1 are shown."),
        ("tests/test_y.py::test_nothing", "This test sent no query."),
    ],
)
def test_what_is_not_there_is_told(opened: Open, test: str, told: str) -> None:
    """A test that was cut short and one without queries say that they are."""
    browser = opened(blog(), at(test))
    assert told in browser.find_element(By.TAG_NAME, "main").text
    assert complaints(browser) == []


def test_a_session_without_tests(opened: Open) -> None:
    """An empty session says that there is nothing, and shows no view without content."""
    browser = opened(a_session())
    assert "No test of this session used a database." in browser.find_element(By.ID, "tests").text
    assert not browser.find_elements(By.ID, "connections")
    assert complaints(browser) == []


def test_leaks_are_shown_by_name(opened: Open) -> None:
    """Each leak is told with its kind, line, remedy, thread and tests, and nothing of it as the file's JSON."""
    leaks = [a_leak("lingering", count=2, tests=[BLOG, "tests/test_y.py::test_nothing"]), a_leak("orphaned", line="")]
    browser = opened({**blog(), "leaks": leaks})
    text = browser.find_element(By.ID, "leaks").text
    assert "2 × connection lingering at tests/test_blog.py:7" in " ".join(text.split())
    assert "no line of yours" in text
    assert "and 1 other test" in text
    assert not {"[", "{", '"'} & set(text.replace("[1]", ""))
    assert "3 left open" in " ".join(browser.find_element(By.CLASS_NAME, "tiles").text.split())
    assert [link.text for link in visible(browser, "#leaks a")] == ["TestBlog › test_lists[1]"]
    assert complaints(browser) == []


def test_connections_are_lanes_over_time(opened: Open) -> None:
    """Connections have an axis, a legend and a lane for each thread; the plugin's own are shown as such."""
    connections = [
        a_connection(0, owned=True),
        a_connection(1, thread="worker"),
        a_connection(2, thread="worker", closed=3.0),
    ]
    browser = opened(a_session(connections=connections))
    section = browser.find_element(By.ID, "connections")
    assert "kept by the plugin" in section.text
    assert "never closed" in section.text
    assert visible(browser, "#connections .axis .tick")
    lanes = [lane.get_attribute("aria-label") for lane in visible(browser, "#connections .lane[aria-label]")]
    assert lanes == ["default on worker: 2 connections, 1 never closed", "default on MainThread: 1 connection"]
    assert len(visible(browser, "#connections .bar.k-other")) == 1
    assert len(visible(browser, "#connections .bar.failed")) == 1
    assert overflow(browser) == 0
    assert complaints(browser) == []


def test_a_hundred_thousand_queries_are_not_all_drawn(opened: Open) -> None:
    """Of 100,000 queries the table shows a page and the timeline joins what has no room; each one can be reached."""
    document = a_session(many_queries(100_000))
    browser = opened(document, at(document["queries"][0]["test"], 99_999))
    assert "Query 99,999" in dock(browser)
    assert 0 < len(browser.find_elements(By.CSS_SELECTOR, "tr[data-query]")) <= 100
    assert 0 < len(browser.find_elements(By.CSS_SELECTOR, ".timeline .bar")) <= 3000
    visible(browser, ".tools button[aria-label='Zoom in']")[0].click()
    assert 0 < len(browser.find_elements(By.CSS_SELECTOR, ".timeline .bar")) <= 3000
    assert complaints(browser) == []
