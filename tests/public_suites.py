"""Run public suites without and with the plugin, and compare what comes of each test.

    python tests/public_suites.py --how [SUITE...]
    python tests/public_suites.py FOLDER WHEEL [SUITE...] [--only KIND] [--known] [--record] [-- ARGUMENT...]

It fetches nothing: --how prints what to do in FOLDER before. FOLDER holds a checkout of each suite under its name, and
an environment for it in venv/NAME, in which the plugin is not installed; WHEEL is the plugin's, which is unpacked
beside them and put on the path of the runs with the plugin alone, so that whatever a suite starts sees it or not.

Of each suite there are three comparisons, test by test. `plain`: as its authors run it, in the order of the files.
`errors`: the same with -W error, of the files that can be imported so. `isolated`: its async tests without
`transaction=True`, against `plain` without the plugin; those that public_suites_known.py names need real connections.
A test that passed without the plugin and does not with it, nor when its file is run again, is a difference and makes
the exit code 1: suites have time-outs of their own. --record writes the figures into public_suites_results.json and
docs/sandbox.md. What pytest printed is in FOLDER/logs, beside what came of each test; --known takes from there the
runs without the plugin, which a change of the plugin leaves as they are. What follows `--` is for every run of pytest,
to narrow it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from zipfile import ZipFile

from public_suites_known import SUITES, PublicSuite
from public_suites_table import RESULTS, render

HERE = Path(__file__).resolve().parent
# In the order of the files, and leaving nothing behind in the checkout.
_ARGUMENTS = ("-q", "-p", "no:randomly", "-p", "no:cacheprovider", "-p", "public_suites_beside")
_WORST_FIRST = ("failed", "xfailed", "skipped", "passed")
KINDS = ("plain", "errors", "isolated")
_AN_HOUR = 3600


class SuiteDidNotRun(Exception):
    """Not one test was reported; its text is the end of what pytest printed."""


@dataclass(frozen=True)
class Outcomes:
    """What came of each test, by its name, and how long all of them took."""

    tests: dict[str, str]
    seconds: float

    def passed(self) -> set[str]:
        """The tests that passed, or failed as expected."""
        return {test for test, outcome in self.tests.items() if outcome in ("passed", "xfailed")}


@dataclass(frozen=True)
class Comparison:
    """Figures of one suite and one kind, and the tests that differ."""

    suite: str
    kind: str
    tests: int
    passed_without: int
    passed_with: int
    worse: list[str]
    better: list[str]
    seconds_without: float
    seconds_with: float


def outcomes_of(lines: Iterable[str]) -> dict[str, str]:
    """The worst of each test's phases."""
    found: dict[str, str] = {}
    for test, _, outcome, expected in map(json.loads, lines):
        named = "xfailed" if expected and outcome == "skipped" else outcome
        found[test] = min(found.get(test, "passed"), named, key=_WORST_FIRST.index)
    return found


def compare(suite: PublicSuite, kind: str, without: Outcomes, with_it: Outcomes) -> Comparison:
    """Which tests are worse off with the plugin, and which are better."""
    needs_real = set(suite.real) if kind == "isolated" else set()
    worse = without.passed() - with_it.passed()
    return Comparison(
        suite.name,
        kind,
        len(without.tests),
        len(without.passed()),
        len(with_it.passed()),
        sorted(test for test in worse if not test.endswith(tuple(needs_real))) if needs_real else sorted(worse),
        sorted(with_it.passed() - without.passed()),
        round(without.seconds, 1),
        round(with_it.seconds, 1),
    )


class Runs:
    """Runs in a folder of checkouts, with the plugin of one wheel; what was run once is not run again."""

    def __init__(self, folder: Path, scratch: Path, more: Sequence[str] = (), *, known: bool = False) -> None:
        self._folder = folder
        self._more = more
        self._scratch = scratch
        self._logs = folder / "logs"
        self._use_known = known
        self._known: dict[tuple[str, str, bool], Outcomes] = {}

    def comparison(self, suite: PublicSuite, kind: str) -> Comparison:
        """One kind of comparison of one suite."""
        reference = "plain" if kind == "isolated" else kind
        without, with_it = self._outcomes(suite, reference, False), self._outcomes(suite, kind, True)
        found = compare(suite, kind, without, with_it)
        return compare(suite, kind, without, self._again(suite, kind, with_it, found.worse)) if found.worse else found

    def _again(self, suite: PublicSuite, kind: str, known: Outcomes, worse: Sequence[str]) -> Outcomes:
        """What was known, and of some tests what comes of them when their files are run alone."""
        files = sorted({test.partition("::")[0] for test in worse})
        found = self._run(suite, kind, True, files)
        return Outcomes({**known.tests, **{test: found.tests.get(test, "failed") for test in worse}}, known.seconds)

    def _outcomes(self, suite: PublicSuite, kind: str, plugin: bool) -> Outcomes:
        key = (suite.name, kind, plugin)
        if key not in self._known:
            self._known[key] = self._earlier(suite, kind, plugin) or self._run(suite, kind, plugin)
        return self._known[key]

    def _earlier(self, suite: PublicSuite, kind: str, plugin: bool) -> Outcomes | None:
        """What an earlier run without the plugin left, if it was asked for and is there."""
        kept = self._log(suite, kind, plugin).with_suffix(".json")
        return Outcomes(**json.loads(kept.read_text())) if self._use_known and not plugin and kept.exists() else None

    def _run(self, suite: PublicSuite, kind: str, plugin: bool, files: Sequence[str] = ()) -> Outcomes:
        record = self._scratch / "record"
        record.write_text("")
        started = time.monotonic()
        output = self._pytest(suite, kind, plugin, record, files)
        seconds = time.monotonic() - started
        log = self._log(suite, kind, plugin, again=bool(files))
        log.write_text(output)
        found = Outcomes(outcomes_of(record.read_text().splitlines()), seconds)
        if not found.tests:
            raise SuiteDidNotRun(f"{suite.name}: no test was reported\n{output[-4000:]}")
        log.with_suffix(".json").write_text(json.dumps(asdict(found)))
        return found

    def _pytest(self, suite: PublicSuite, kind: str, plugin: bool, record: Path, files: Sequence[str]) -> str:
        """What it printed."""
        python = self._folder / "venv" / suite.name / "bin" / "python"
        strict = ("-W", "error", "--continue-on-collection-errors") if kind == "errors" else ()
        run = subprocess.run(
            [str(python), "-m", "pytest", *_ARGUMENTS, *suite.arguments, *self._more, *strict, *files],
            cwd=self._folder / suite.name / suite.folder,
            env=self._environ(suite, kind, plugin, record),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_AN_HOUR,
        )
        return run.stdout

    def _log(self, suite: PublicSuite, kind: str, plugin: bool, *, again: bool = False) -> Path:
        """Where what pytest printed is kept, to look at differences."""
        self._logs.mkdir(exist_ok=True)
        side = ("with" if plugin else "without") + ("-again" if again else "")
        return self._logs / f"{suite.name}-{kind}-{side}.log"

    def _environ(self, suite: PublicSuite, kind: str, plugin: bool, record: Path) -> dict[str, str]:
        path = [str(self._scratch / name) for name in ("beside", "plugin")[: 1 + plugin]]
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "PYTEST_"))}
        return {
            **environ,
            **suite.environ,
            "PYTHONPATH": os.pathsep.join([*path, *filter(None, [suite.environ.get("PYTHONPATH")])]),
            "PUBLIC_SUITES_RECORD": str(record),
            "PUBLIC_SUITES_TRANSACTIONS": "off" if kind == "isolated" else "as written",
        }


def tell(found: Comparison) -> None:
    """A line of figures, and the tests that differ."""
    print(
        f"{found.suite}, {found.kind}: {found.tests} tests, {found.passed_without} pass without and "
        f"{found.passed_with} with, {found.seconds_without} s and {found.seconds_with} s",
        flush=True,
    )
    for sign, tests in (("-", found.worse), ("+", found.better)):
        for test in tests:
            print(f"  {sign} {test}", flush=True)


@contextmanager
def unpacked(wheel: Path, folder: Path) -> Iterator[Path]:
    """A folder with the wheel's content, its entry points too, and what is loaded into each run."""
    # Beside the checkouts, where it is seen wherever they are seen.
    with tempfile.TemporaryDirectory(prefix="run-", dir=folder) as directory:
        with ZipFile(wheel) as archive:
            archive.extractall(Path(directory) / "plugin")
        shutil.copytree(HERE / "public_suites_beside", Path(directory) / "beside")
        yield Path(directory)


def run_all(
    folder: Path,
    wheel: Path,
    suites: list[PublicSuite],
    kinds: Iterable[str],
    more: Sequence[str] = (),
    *,
    known: bool = False,
) -> Iterator[Comparison]:
    """All comparisons that were asked for, told one by one."""
    with unpacked(wheel, folder.resolve()) as scratch:
        runs = Runs(folder.resolve(), scratch, more, known=known)
        for suite, kind in product(suites, kinds):
            if kind != "errors" or not suite.never_strict:
                found = runs.comparison(suite, kind)
                tell(found)
                yield found


def main() -> int:
    """What was asked for; the exit code."""
    cut = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    options = arguments(sys.argv[1:cut])
    if options.how:
        print("\n\n".join(suite.preparation() for suite in options.suites))
        return 0
    folder, wheel = map(Path, options.words[:2])
    kinds = [options.only] if options.only else KINDS
    worse = False
    for found in run_all(folder, wheel, options.suites, kinds, sys.argv[cut + 1 :], known=options.known):
        worse = worse or bool(found.worse)
        if options.record:
            record(found)
    return int(worse)


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """The options, and as `suites` those that are named or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for option in ("--how", "--known", "--record"):
        parser.add_argument(option, action="store_true")
    parser.add_argument("--only", choices=KINDS)
    parser.add_argument("words", nargs="*", metavar="FOLDER WHEEL SUITE")
    options = parser.parse_args(words)
    if not options.how and len(options.words) < 2:
        parser.error("name the folder of the checkouts and the plugin's wheel, or ask --how")
    names = options.words if options.how else options.words[2:]
    if unknown := set(names) - {suite.name for suite in SUITES}:
        parser.error(f"no suite is called {' or '.join(sorted(unknown))}: {', '.join(each.name for each in SUITES)}")
    options.suites = [suite for suite in SUITES if not names or suite.name in names]
    return options


def record(found: Comparison) -> None:
    """Keep the figures, in place of those of the same suite and kind, and show all in the document."""
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    figures = {(each["suite"], each["kind"]): each for each in [*known, asdict(found)]}
    ordered = [figures[key] for key in product([suite.name for suite in SUITES], KINDS) if key in figures]
    RESULTS.write_text(json.dumps(ordered, indent=1) + "\n")
    render(ordered)


if __name__ == "__main__":
    sys.exit(main())
