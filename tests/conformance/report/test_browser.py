"""The site in a real browser, from file addresses, on a desktop and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from tests.shared.browser import SIZES, WIDTHS, complaints, find_browser, overflow, resize, show, started, visible

# Of each kind of page one, of entries one that is silent, one that passes and one with a word.
ENTRIES = ("transaction.atomic_decorator", "queryset.acount", "workaround.thread_insensitive")


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


@pytest.fixture
def desktop(chromium: webdriver.Chrome, index: str) -> webdriver.Chrome:
    """The same at a desktop's size alone, for what does not depend on it."""
    return show(chromium, index, "desktop")


def shown_rows(browser: webdriver.Chrome) -> list[str]:
    return [row.get_attribute("data-row") or "" for row in visible(browser, "tr[data-row]")]


def shown_databases(browser: webdriver.Chrome) -> list[str]:
    return [heading.text for heading in visible(browser, "thead [scope=colgroup]")]


def cells(browser: webdriver.Chrome, row: str) -> list[str]:
    return [cell.text for cell in visible(browser, f'[data-row="{row}"] td')]


def ask(browser: webdriver.Chrome, query: str) -> None:
    search = browser.find_element(By.ID, "search")
    search.clear()
    search.send_keys(query)


def wait_for_address(browser: webdriver.Chrome, part: str) -> None:
    WebDriverWait(browser, 10).until(lambda driver: part in driver.current_url, f"no {part} in the address")


def pages(site: Path) -> list[str]:
    """Every page."""
    return sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))


def kinds(site: Path) -> list[str]:
    """Every page but those of entries, of which there is one of each kind."""
    entries = [f"entries/{name}.html" for name in ENTRIES]
    return [name for name in pages(site) if not name.startswith("entries/") or name in entries]


def test_a_cell_leads_to_its_evidence(browser: webdriver.Chrome) -> None:
    """A click on a silent verdict opens the evidence of the check that found it, within the window."""
    link = visible(browser, '[data-row="transaction.atomic_decorator"] td a')[0]
    anchor = (link.get_attribute("href") or "").partition("#")[2]
    link.click()
    wait_for_address(browser, "entries/transaction.atomic_decorator.html#")
    evidence = browser.find_element(By.CSS_SELECTOR, "article:has(:target)")
    top = browser.execute_script("return arguments[0].getBoundingClientRect().top", evidence)
    assert "The rows that another connection sees differ" in evidence.text
    assert anchor.endswith("-committed")
    assert -1 <= top < 844


def test_databases_stand_side_by_side(browser: webdriver.Chrome) -> None:
    """Where there is room for all columns they can be compared at a glance, and one database can be chosen."""
    assert shown_databases(browser) == ["SQLite", "PostgreSQL", "MariaDB"]
    assert len(cells(browser, "queryset.acount")) == 9
    visible(browser, '[data-show="postgresql"]')[0].click()
    assert shown_databases(browser) == ["PostgreSQL"]
    assert len(cells(browser, "queryset.acount")) == 3


def test_a_narrow_window_shows_one_database(desktop: webdriver.Chrome) -> None:
    """Where there is no room for all columns there is one database a tab, and the first is shown."""
    resize(desktop, 200)
    WebDriverWait(desktop, 10).until(lambda _: shown_databases(desktop) == ["SQLite"])
    assert not visible(desktop, '[data-show=""]')
    visible(desktop, '[data-show="mariadb"]')[0].click()
    assert shown_databases(desktop) == ["MariaDB"]


def test_free_text_finds_an_operation(browser: webdriver.Chrome) -> None:
    """Words of the id or the title leave their rows alone, the number found is told, Escape shows all again."""
    everything = shown_rows(browser)
    ask(browser, "SAVE instance")
    assert shown_rows(browser) == ["model.asave"]
    assert browser.find_element(By.ID, "found").text == "1 of 12"
    browser.find_element(By.ID, "search").send_keys(Keys.ESCAPE)
    assert shown_rows(browser) == everything


def test_a_verdict_is_asked_of_the_columns_asked_for(desktop: webdriver.Chrome) -> None:
    """`db:` and `django:` choose columns, and `verdict:` keeps the rows that have it there."""
    ask(desktop, "db:postgresql django:6.1 verdict:silent")
    assert shown_databases(desktop) == ["PostgreSQL"]
    assert "transaction.atomic_decorator" in shown_rows(desktop)
    assert {cell for row in shown_rows(desktop) for cell in cells(desktop, row)} == {"S"}


def test_a_word_is_asked_of_workarounds(desktop: webdriver.Chrome) -> None:
    """`word:` keeps workarounds, and none of the operations with the same letter."""
    ask(desktop, "word:unsafe")
    assert shown_rows(desktop) == ["workaround.thread_insensitive"]
    assert "✗" in cells(desktop, "workaround.thread_insensitive")


def test_different_looks_at_the_shown_columns(desktop: webdriver.Chrome) -> None:
    """`is:different` keeps what is not the same in all columns, and drops what is the same everywhere."""
    ask(desktop, "is:different")
    assert "model.asave" in shown_rows(desktop)
    assert "related.lazy_access" not in shown_rows(desktop)


def test_a_filter_is_a_permanent_link(browser: webdriver.Chrome) -> None:
    """The address that a filter makes shows the same rows to somebody else."""
    ask(browser, "db:mariadb verdict:unknown")
    rows, address = shown_rows(browser), browser.current_url
    browser.get("about:blank")
    browser.get(address)
    assert shown_rows(browser) == rows != []
    assert browser.find_element(By.ID, "search").get_attribute("value") == "db:mariadb verdict:unknown"


def test_a_database_is_a_permanent_link(desktop: webdriver.Chrome) -> None:
    """The address that a choice makes opens that database for somebody else."""
    visible(desktop, '[data-show="postgresql"]')[0].click()
    address = desktop.current_url
    desktop.get("about:blank")
    desktop.get(address)
    assert shown_databases(desktop) == ["PostgreSQL"]


def test_nothing_found_says_so(desktop: webdriver.Chrome) -> None:
    """A search without a match offers the way back."""
    ask(desktop, "no such operation")
    assert shown_rows(desktop) == []
    visible(desktop, "[data-clear]")[0].click()
    assert shown_rows(desktop)


def test_a_count_shows_what_it_counts(desktop: webdriver.Chrome) -> None:
    """A click on the number of silent verdicts keeps the rows that have one."""
    visible(desktop, '.counts a[href$="#q=verdict:silent"]')[0].click()
    # The page hears of its new address only after the click has returned.
    search = desktop.find_element(By.ID, "search")
    WebDriverWait(desktop, 10).until(lambda _: search.get_attribute("value") == "verdict:silent")
    assert shown_rows(desktop)
    assert all("S" in cells(desktop, row) for row in shown_rows(desktop))


def test_the_keyboard_is_enough(desktop: webdriver.Chrome) -> None:
    """A slash goes to the search, arrows walk over the verdicts, and each says in words what it is."""
    desktop.find_element(By.TAG_NAME, "body").send_keys("/")
    assert desktop.switch_to.active_element.get_attribute("id") == "search"
    visible(desktop, "td a")[0].send_keys(Keys.ARROW_DOWN)
    here = desktop.switch_to.active_element
    assert "queryset.aexists" in (here.get_attribute("href") or "")
    assert (here.get_attribute("aria-label") or "").endswith(": queryset.aexists, Django 4.2 on SQLite")
    here.send_keys(Keys.ARROW_RIGHT)
    assert "Django 5.2 on SQLite" in (desktop.switch_to.active_element.get_attribute("aria-label") or "")


def test_a_claim_stands_beside_its_verdicts(desktop: webdriver.Chrome) -> None:
    """On the page of the claims, `holds:no` keeps those that were refuted, with the verdicts in sight."""
    visible(desktop, 'header nav a[href="claims.html"]')[0].click()
    wait_for_address(desktop, "claims.html")
    ask(desktop, "asave holds:no")
    assert shown_rows(desktop) == ["N2"]
    assert len(visible(desktop, "tr[data-row] td a")) == 9


# Text in a strip so narrow that it breaks at every letter, in a table or beside one.
NARROW = """return [...document.querySelectorAll('main :is(p, dd, dt, td, th, li)')].filter(each => {
    const width = each.clientWidth, letters = each.textContent.trim().length;
    return width && letters > 12 && width < 60 && !each.closest('.grid') && !each.closest('.stack thead');
}).map(each => each.textContent.trim().slice(0, 40))"""


@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_fits_its_window(width: int, chromium: webdriver.Chrome, site: Path) -> None:
    """At none of the widths does any page scroll sideways, squeeze text into a strip, or log an error."""
    resize(chromium, width)
    wrong = {}
    for name in pages(site):
        chromium.get((site / name).as_uri())
        found = overflow(chromium), chromium.execute_script(NARROW)
        if found != (0, []):
            wrong[name] = found
    assert wrong == {}
    assert complaints(chromium) == []


def test_a_page_that_is_too_wide_would_be_noticed(browser: webdriver.Chrome) -> None:
    """The measures can fail: a planted wide element is seen, and a planted strip of text."""
    browser.execute_script("document.querySelector('.lead').style.width = '40px'")
    assert browser.execute_script(NARROW)
    browser.execute_script("document.querySelector('main').style.minWidth = '3000px'")
    assert overflow(browser) > 0


def test_without_scripts_everything_is_on_one_page(desktop: webdriver.Chrome, index: str, site: Path) -> None:
    """With scripts off all databases are shown, the search that cannot work is not, and no page is too wide."""
    desktop.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        desktop.get("about:blank")
        desktop.get(index)
        text = desktop.find_element(By.TAG_NAME, "main").text
        wide = [name for name in kinds(site) if _wide_without_scripts(desktop, site / name)]
    finally:
        desktop.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert all(name in text for name in ("SQLite", "PostgreSQL", "MariaDB"))
    assert "Find an operation" not in text
    assert wide == []


def _wide_without_scripts(browser: webdriver.Chrome, page: Path) -> bool:
    resize(browser, 390)
    browser.get(page.as_uri())
    metrics = browser.execute_cdp_cmd("Page.getLayoutMetrics", {})
    return bool(metrics["cssContentSize"]["width"] > 390)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_an_accessibility_finding(scheme: str, desktop: webdriver.Chrome, site: Path) -> None:
    """What axe looks for is found on no kind of page, in neither scheme of colours."""
    from axe_selenium_python import Axe

    features = [{"name": "prefers-color-scheme", "value": scheme}]
    desktop.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    found: dict[str, list[str]] = {}
    for name in kinds(site):
        desktop.get((site / name).as_uri())
        axe = Axe(desktop)
        axe.inject()
        for violation in axe.run()["violations"]:
            places = [node["target"] for node in violation["nodes"]]
            found.setdefault(name, []).append(f"{violation['id']}: {places[:3]}")
    desktop.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert found == {}


def test_a_missing_browser_fails_in_ci(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a browser these tests are skipped with a reason, but not where CI says that it must be there."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CI", "false")
    with pytest.raises(pytest.skip.Exception, match="chromium"):
        find_browser()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="chromium"):
        find_browser()
