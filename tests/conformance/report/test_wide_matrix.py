"""A matrix of many columns in a real browser: names keep their room, and a filter lays out only what is in sight."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from selenium import webdriver

from conformance.catalogue import Catalogue
from conformance.environment import Environment
from conformance.report import render_html
from conformance.results import Results
from tests.shared.browser import WIDTHS, overflow, resize, started

DJANGOS = ("3.2.25", "4.0.10", "4.1.13", "4.2.30", "5.0.14", "5.1.15", "5.2.8", "6.0.10", "6.1.1")
WAYS = (("sqlite", "file"), ("sqlite", "wal"), ("postgresql", "server"), ("mariadb", "server"))
NAMES = "return Math.min(...[...document.querySelectorAll('#matrix th[scope=row]')].map(each => each.clientWidth))"
# How far a cell is from the head of its column, at most, in pixels; of what is shown in one line.
ASKEW = """const tops = [...document.querySelectorAll('thead tr + tr th')];
return Math.max(...[...document.querySelector('tr[data-row]').cells].slice(1).map((cell, index) =>
    Math.abs(cell.getBoundingClientRect().left - tops[index].getBoundingClientRect().left)))"""
ROWS = "return getComputedStyle(document.querySelector('#matrix tr[data-row]')).contentVisibility"


@pytest.fixture(scope="module")
def page(
    tmp_path_factory: pytest.TempPathFactory,
    catalogue: Catalogue,
    make_environment: Callable[..., Environment],
    make_column_results: Callable[..., Results],
) -> str:
    """The address of a report of 36 columns, 18 of them on one database."""
    verdicts = {str(cell): "pass" for cell in catalogue.cells()}
    environments = [make_environment(django, vendor=way[0], variant=way[1]) for way in WAYS for django in DJANGOS]
    results = [make_column_results(verdicts, environment, catalogue.hash) for environment in environments]
    return render_html(results, catalogue, tmp_path_factory.mktemp("wide")).as_uri()


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """One browser for the tests of this file."""
    with started(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.mark.parametrize("width", WIDTHS)
def test_many_columns_leave_room_for_names(width: int, chromium: webdriver.Chrome, page: str) -> None:
    """At none of the widths are the names squeezed, is the page too wide, or a cell not below its column's head."""
    resize(chromium, width)
    chromium.get("about:blank")
    chromium.get(page)
    assert overflow(chromium) <= 0
    assert chromium.execute_script(NAMES) >= 200
    assert chromium.execute_script(ASKEW) < 3


def test_rows_out_of_sight_are_not_laid_out(chromium: webdriver.Chrome, page: str) -> None:
    """Row by row, so that a filter is quick also in an area of hundreds of rows; on paper all are."""
    resize(chromium, 1280)
    chromium.get(page)
    assert chromium.execute_script(ROWS) == "auto"
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert chromium.execute_script(ROWS) == "visible"
    finally:
        chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
