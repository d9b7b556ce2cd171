"""What the page of many queries weighs, and how long a browser takes to open it.

    python benchmarks/page.py [--queries 100000] [--tests 1 10 2000] [--turns 5]

The queries are spread over so many tests. For each spread: the size of the page, the time to make it, and, in Chromium
from a file address, the milliseconds until the first paint and until all is shown: of the session, and of a test with
one of its queries open. Needs chromium and chromedriver, and selenium.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "plugin"), str(ROOT / "tests" / "shared")]

from browser import show, started  # noqa: E402
from documents import a_session, many_queries  # noqa: E402

from pytest_async_orm.report.page import page  # noqa: E402

TIMES = """
const [load] = performance.getEntriesByType("navigation");
const paint = performance.getEntriesByType("paint").find((entry) => entry.name === "first-contentful-paint");
return [paint ? paint.startTime : 0, load.loadEventEnd];
"""


def opened(browser: Any, address: str, turns: int) -> str:
    found = []
    for _ in range(turns):
        show(browser, address, "desktop")
        time.sleep(0.3)
        found.append(browser.execute_script(TIMES))
    painted, loaded = (statistics.median(column) for column in zip(*found, strict=True))
    return f"painted {painted:.0f} ms, shown {loaded:.0f} ms, at most {max(row[1] for row in found):.0f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=100_000)
    parser.add_argument("--tests", type=int, nargs="+", default=[1, 10, 2000])
    parser.add_argument("--turns", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, started(Path(folder) / "profile") as browser:
        for tests in options.tests:
            each = many_queries(options.queries // tests)
            session = a_session(*({**each, "test": f"{each['test']}[{number}]"} for number in range(tests)))
            begun = time.perf_counter()
            text = page(session)
            made = time.perf_counter() - begun
            path = Path(folder) / "page.html"
            path.write_text(text, encoding="utf-8")
            print(f"{options.queries} queries, {tests} tests: {len(text.encode()) / 1e6:.1f} MB, made in {made:.1f} s")
            print(f"  session: {opened(browser, path.as_uri(), options.turns)}")
            at = f"#test={quote(session['queries'][0]['test'], safe='')}&query=7"
            print(f"  a test:  {opened(browser, path.as_uri() + at, options.turns)}")


if __name__ == "__main__":
    main()
