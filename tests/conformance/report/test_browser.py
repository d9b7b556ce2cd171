"""The site in a real browser, from file addresses, on a desktop and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from tests.shared.browser import SIZES, complaints, find_browser, overflow, show, started, visible


@pytest.fixture(scope="module")
def index(site: Path) -> str:
    """The file address of a written report's first page."""
    return (site / "index.html").as_uri()


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """One browser with a fresh profile for all tests of this file."""
    with started(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture(params=SIZES)
def browser(request: pytest.FixtureRequest, chromium: webdriver.Chrome, index: str) -> webdriver.Chrome:
    """The browser at one size, on the first page of the report, as somebody who comes for the first time."""
    return show(chromium, index, request.param)


def shown_rows(browser: webdriver.Chrome) -> list[str]:
    return [row.get_attribute("data-row") or "" for row in visible(browser, "tr[data-row]")]


def ask(browser: webdriver.Chrome, query: str) -> None:
    search = browser.find_element(By.ID, "search")
    search.clear()
    search.send_keys(query)


def wait_for_address(browser: webdriver.Chrome, part: str) -> None:
    WebDriverWait(browser, 10).until(lambda driver: part in driver.current_url, f"no {part} in the address")


def test_a_cell_leads_to_its_evidence(browser: webdriver.Chrome) -> None:
    """A click on a silent verdict opens the evidence of the check that found it, within the window."""
    link = visible(browser, '[data-row="transaction.atomic_decorator"] td a')[0]
    anchor = (link.get_attribute("href") or "").partition("#")[2]
    link.click()
    wait_for_address(browser, "entries/transaction.atomic_decorator.html#")
    evidence = browser.find_element(By.ID, anchor)
    top = browser.execute_script("return arguments[0].getBoundingClientRect().top", evidence)
    assert "The rows that another connection sees differ" in evidence.text
    assert anchor.endswith("-committed")
    assert 0 <= top < 844


def test_evidence_of_a_pass_is_opened_too(browser: webdriver.Chrome) -> None:
    """What passed is folded away, until somebody follows the link to it."""
    link = visible(browser, '[data-row="queryset.acount"] td[data-verdict="pass"] a')[0]
    anchor = (link.get_attribute("href") or "").partition("#")[2]
    link.click()
    wait_for_address(browser, anchor)
    assert "statements" in browser.find_element(By.ID, anchor).text
    folded = browser.find_elements(By.CSS_SELECTOR, "details.v-pass:not([open])")
    assert folded


def test_free_text_finds_an_operation(browser: webdriver.Chrome) -> None:
    """Words of the id or the title leave their rows alone, the number found is told, Escape shows all again."""
    everything = shown_rows(browser)
    ask(browser, "SAVE instance")
    assert shown_rows(browser) == ["model.asave"]
    assert browser.find_element(By.ID, "found").text == "1 of 12"
    browser.find_element(By.ID, "search").send_keys(Keys.ESCAPE)
    assert shown_rows(browser) == everything


def test_a_verdict_is_asked_of_the_database_asked_for(browser: webdriver.Chrome) -> None:
    """`db:` and `verdict:` speak of one cell, and turn to that database's tab."""
    ask(browser, "db:postgresql verdict:silent")
    rows = visible(browser, "tr[data-row]")
    assert "transaction.atomic_decorator" in shown_rows(browser)
    for row in rows:
        assert row.find_elements(By.CSS_SELECTOR, 'td[data-verdict="silent"][data-db^="postgresql"]')
    assert visible(browser, "[aria-selected=true]")[0].text.startswith("PostgreSQL")


def test_different_looks_at_all_databases(browser: webdriver.Chrome) -> None:
    """`is:different` keeps what differs anywhere, and drops what is the same everywhere."""
    ask(browser, "is:different")
    assert "transaction.atomic_decorator" in shown_rows(browser)
    assert "related.lazy_access" not in shown_rows(browser)


def test_a_filter_is_a_permanent_link(browser: webdriver.Chrome) -> None:
    """The address that a filter makes shows the same rows to somebody else."""
    ask(browser, "db:mariadb verdict:unknown")
    rows, address = shown_rows(browser), browser.current_url
    browser.get("about:blank")
    browser.get(address)
    assert shown_rows(browser) == rows != []
    assert browser.find_element(By.ID, "search").get_attribute("value") == "db:mariadb verdict:unknown"


def test_a_tab_is_a_permanent_link(browser: webdriver.Chrome) -> None:
    """The address that a tab makes opens that database for somebody else."""
    visible(browser, "[role=tab]")[1].click()
    address = browser.current_url
    browser.get("about:blank")
    browser.get(address)
    assert visible(browser, "[aria-selected=true]")[0].text == "PostgreSQL"
    assert [table.get_attribute("data-panel") for table in visible(browser, "[data-panel]")] == ["postgresql"]


def test_nothing_found_says_so(browser: webdriver.Chrome) -> None:
    """A search without a match offers the way back."""
    ask(browser, "no such operation")
    assert shown_rows(browser) == []
    visible(browser, "[data-clear]")[0].click()
    assert shown_rows(browser)


def test_a_count_shows_what_it_counts(browser: webdriver.Chrome) -> None:
    """A click on the number of silent verdicts keeps the rows that have one."""
    visible(browser, '.counts a[href="#q=verdict:silent"]')[0].click()
    # The page hears of its new address only after the click has returned.
    search = browser.find_element(By.ID, "search")
    WebDriverWait(browser, 10).until(lambda _: search.get_attribute("value") == "verdict:silent")
    for row in visible(browser, "tr[data-row]"):
        assert row.find_elements(By.CSS_SELECTOR, 'td[data-verdict="silent"]')


def test_the_keyboard_is_enough(browser: webdriver.Chrome) -> None:
    """A slash goes to the search, arrows change the tab and walk over the verdicts."""
    body = browser.find_element(By.TAG_NAME, "body")
    body.send_keys("/")
    assert browser.switch_to.active_element.get_attribute("id") == "search"
    visible(browser, "[role=tab]")[0].send_keys(Keys.ARROW_RIGHT)
    assert browser.switch_to.active_element.text.startswith("PostgreSQL")
    visible(browser, "td.cell a")[0].send_keys(Keys.ARROW_DOWN)
    assert "queryset.aexists" in (browser.switch_to.active_element.get_attribute("href") or "")


def test_a_claim_stands_beside_its_verdicts(browser: webdriver.Chrome) -> None:
    """On the page of the claims, `holds:no` keeps those that were refuted, with the verdicts in sight."""
    visible(browser, "header nav a")[1].click()
    wait_for_address(browser, "claims.html")
    ask(browser, "asave holds:no")
    assert shown_rows(browser) == ["N2"]
    assert len(visible(browser, "tr[data-row] td.cell a")) == 9


@pytest.mark.parametrize("page", ["index", "claims", "runs", "entries/transaction.atomic_decorator"])
def test_no_page_is_wider_than_its_window(page: str, browser: webdriver.Chrome, index: str) -> None:
    """Neither on a desktop nor on a phone does a page scroll sideways, and none logs an error."""
    browser.get(index.replace("index", page))
    assert overflow(browser) == 0
    assert complaints(browser) == []


def test_a_page_that_is_too_wide_would_be_noticed(browser: webdriver.Chrome) -> None:
    """The measure of the width can fail: a planted wide element is seen."""
    browser.execute_script("document.querySelector('main').style.minWidth = '3000px'")
    assert overflow(browser) > 0


def test_without_scripts_everything_is_on_one_page(browser: webdriver.Chrome, index: str) -> None:
    """With scripts off all databases are shown one below the other, and the search that cannot work is not."""
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get("about:blank")
        browser.get(index)
        text = browser.find_element(By.TAG_NAME, "main").text
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert all(f"Verdicts on {name}," in text for name in ("SQLite", "PostgreSQL", "MariaDB"))
    assert "Find an operation" not in text


def test_a_missing_browser_fails_in_ci(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a browser these tests are skipped with a reason, but not where CI says that it must be there."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CI", "false")
    with pytest.raises(pytest.skip.Exception, match="chromium"):
        find_browser()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="chromium"):
        find_browser()
