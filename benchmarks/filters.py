"""How long the report's page of the whole matrix takes to answer a filter, in a browser.

    python benchmarks/filters.py [--columns 40] [--turns 15] [--against FOLDER]

The page is that of docs/matrix.json, its environments repeated on several databases until there are so many columns,
45 at most. For each filter: the median and the worst milliseconds from the key until the next frame is painted, and how
much of that the script itself takes. `--against` takes the same turns with `report.js` and `report.css` of another
folder, in turns with the page's own. Needs chromium and chromedriver, and selenium.
"""

from __future__ import annotations

import argparse
import json
import runpy
import statistics
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "shared")]

from browser import resize, started  # noqa: E402

from conformance.catalogue import load_catalogue  # noqa: E402
from conformance.report import render_html  # noqa: E402
from conformance.results import Results  # noqa: E402

FILTERS = ("is:different", "django:6.1", "verdict:silent", "db:postgresql", "acount")
WAYS = (
    ("sqlite", "file", "sqlite3"),
    ("sqlite", "wal", "sqlite3"),
    ("postgresql", "server", "psycopg"),
    ("postgresql", "server", "psycopg2"),
    ("mariadb", "server", "mysqlclient"),
)
# Milliseconds of the script, and until the frame after it is painted.
ANSWER = """
const [query, done] = arguments, search = document.getElementById("search");
scrollTo(0, 0);
requestAnimationFrame(() => setTimeout(() => {
  const began = performance.now();
  search.value = query;
  search.dispatchEvent(new Event("input"));
  const ran = performance.now() - began;
  requestAnimationFrame(() => { const channel = new MessageChannel();
    channel.port1.onmessage = () => done([ran, performance.now() - began]); channel.port2.postMessage(0); });
}));
"""


def wide(columns: int) -> list[Results]:
    """The documented results, their environments on so many databases that there are this many columns."""
    matrix = runpy.run_path(str(ROOT / "docs" / "matrix.py"))
    measured: list[Results] = matrix["results_of"](json.loads(matrix["DOCUMENT"].read_text("utf-8")))
    found = [replace(each, environment=_on(each, way)) for way in WAYS for each in measured]
    return found[:columns]


def _on(results: Results, way: tuple[str, str, str]) -> Any:
    vendor, variant, driver = way
    return replace(results.environment, vendor=vendor, variant=variant, driver=driver)


def answered(browser: Any, page: str, turns: int) -> dict[str, list[tuple[float, float]]]:
    """For each filter the milliseconds of each turn, each from the whole matrix."""
    browser.get("about:blank")
    browser.get(page)
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in FILTERS}
    for _ in range(turns):
        for name in FILTERS:
            browser.execute_async_script(ANSWER, "")
            found[name].append(tuple(browser.execute_async_script(ANSWER, name)))
    return found


def told(times: list[tuple[float, float]]) -> str:
    """The medians and the worst, in milliseconds."""
    script, painted = zip(*times, strict=True)
    return (
        f"{statistics.median(painted):6.0f} ms, at most {max(painted):4.0f}, script {statistics.median(script):4.0f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--columns", type=int, default=40)
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--against", type=Path, help="a folder with other assets, for a paired comparison")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, started(Path(folder) / "profile") as browser:
        page = render_html(wide(options.columns), load_catalogue(), Path(folder) / "site")
        assets = {"this": _assets(page.parent / "assets")}
        if options.against:
            assets["other"] = _assets(options.against)
        resize(browser, 1920, 1080)
        found: dict[str, dict[str, list[tuple[float, float]]]] = {name: {} for name in assets}
        for _ in range(3):
            for name, texts in assets.items():
                for file, text in texts.items():
                    (page.parent / "assets" / file).write_text(text, "utf-8")
                for query, times in answered(browser, page.as_uri(), options.turns // 3).items():
                    found[name].setdefault(query, []).extend(times)
        for query in FILTERS:
            for name in assets:
                print(f"{query:16} {name:6} {told(found[name][query])}")


def _assets(folder: Path) -> dict[str, str]:
    return {name: (folder / name).read_text("utf-8") for name in ("report.js", "report.css")}


if __name__ == "__main__":
    main()
