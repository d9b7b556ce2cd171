"""Every view of the page fits into windows from a phone's to a large screen's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from browser import WIDTHS, complaints, overflow, resize, visible
from documents import a_connection, a_leak, a_query, a_test
from pages import BLOG, GROUP, at, blog
from selenium import webdriver

from pytest_async_orm.report.page import page

pytestmark = pytest.mark.any_database


def everything() -> dict[str, Any]:
    """A session with something in every view, with names as long as they come."""
    document = blog()
    long = (
        "tests/"
        + "deeply/" * 9
        + "test_long_names.py::TestThatHasALongName::test_"
        + "of_many_words_" * 9
        + "[postgresql]"
    )
    path = "project/" + "package_with_a_long_name/" * 5 + "models_with_a_long_name.py:1234"
    group = {**GROUP, "call_site": path, "loop": path, "remedy": 'Use select_related("author__profile") or more.' * 3}
    document["queries"].append(
        a_test(long, [a_query(1, call_site=path, sql="SELECT " + "x" * 300)], n_plus_one=[group])
    )
    document["leaks"] = [
        a_leak("lingering", line=path, tests=[long, BLOG], threads=["ThreadPoolExecutor-" + "9" * 60] * 3, count=3),
        a_leak("orphaned", line=""),
        a_leak("ORM coroutine never awaited", alias="", allowed="a reason " * 30),
    ]
    document["connections"] = [
        a_connection(0, closed=4.0, owned=True),
        a_connection(1, thread="ThreadPoolExecutor-" + "9" * 60, alias="an_alias_with_a_long_name_" * 3),
        a_connection(2, closed=2.5, virtual=True, test=long, line=path),
        *(a_connection(3 + number, thread=f"worker-{number}", closed=100.0) for number in range(20)),
    ]
    document["notices"] = [{"topic": "environment of async tests", "text": "A_SETTING_" * 40, "tests": [long] * 3}]
    return document


VIEWS = [
    "",
    at(BLOG),
    at(BLOG, 2),
    at("tests/test_long.py::test_cut"),
    at("no such test"),
    "#only=n1",
    "#q=nothing-has-this",
]


@pytest.mark.parametrize("width", WIDTHS)
def test_no_view_is_wider_than_the_window(chromium: webdriver.Chrome, tmp_path: Path, width: int) -> None:
    """Every view, and every test with its first query, fits into windows from a phone's to a large screen's."""
    document = everything()
    path = tmp_path / "page.html"
    path.write_text(page(document), encoding="utf-8")
    resize(chromium, width)
    named = [place for test in document["queries"] for place in (at(test["test"]), at(test["test"], 1))]
    for view in [*VIEWS, *named]:
        chromium.get("about:blank")
        chromium.get(path.as_uri() + view)
        for button in visible(chromium, "main section .more button, main section > p > button"):
            button.click()
        assert overflow(chromium) == 0, (width, view)
        assert cut(chromium) == [], (width, view)
    assert complaints(chromium) == []


def cut(browser: webdriver.Chrome) -> list[str]:
    """The texts that reach beyond the right edge of the window, though the page is no wider for it."""
    found: list[str] = browser.execute_script(
        """
        const beyond = (element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1;
        const names = "main :is(p, b, td, th, dd, li, code, button), #query :is(p, code, li)";
        return [...document.querySelectorAll(names)].filter(beyond)
          .filter((one) => one.checkVisibility() && !one.closest(".track, .unseen, #tip"))
          .map((one) => `${one.tagName}: ${one.textContent.slice(0, 60)}`);
        """
    )
    return found


@pytest.mark.planted
def test_a_view_that_is_too_wide_is_noticed(chromium: webdriver.Chrome, tmp_path: Path) -> None:
    """A word that nothing breaks, and a table that is cut off, are found."""
    path = tmp_path / "page.html"
    path.write_text(page(everything()), encoding="utf-8")
    resize(chromium, 390)
    chromium.get(path.as_uri())
    chromium.execute_script("document.querySelector('main h1 + ul b').style.whiteSpace = 'nowrap'")
    wide = "const p = document.createElement('p'); p.style.width = '900px'; p.textContent = 'wide';"
    chromium.execute_script(f"{wide} document.querySelector('main').append(p)")
    assert overflow(chromium) > 0
    chromium.execute_script("document.querySelector('main').style.overflow = 'hidden'")
    assert cut(chromium) == ["P: wide"]
