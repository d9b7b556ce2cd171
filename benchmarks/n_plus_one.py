"""Which N+1 queries are found and which alarms are false: this plugin and the known detectors, side by side.

    pip install django-zeal django-nplus1 nplusone six blinker channels pytest-django
    python benchmarks/n_plus_one.py [--python django-nplus1=/path/to/python3.14] [--only NAME] [--brief] [--texts]

The programs are those of tests/plugin/n_plus_one_corpus. Each detector runs in a process of its own, as its
documentation says for use in code, on real connections to SQLite files, and with the same threshold: more than two
repeats (five for the program that says so). A detector that needs another Python than this one is given it by --python
(django-nplus1 from 0.2.1 on needs 3.14; pip takes 0.2.0 below); one that is not installed, or that dies of this Django,
is reported as such. django-nplus1 runs as it is and with its search for duplicate queries; what it says of unused eager
loads is no N+1 and does not count.

found: reported, at the line that queries; found*: reported at another line or at none; missed; ALARM: reported where
there is no N+1; died: the program does not run under the detector.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OURS = "pytest-async-orm"

# For each detector: the app to install, and a context manager that gives the texts of what was found.
DETECTORS = {
    OURS: (
        "",
        """
from pytest_async_orm import record_queries
@contextmanager
def detecting(program):
    found = []
    with record_queries() as log:
        yield found
    found += [f"{group.call_site} {group.loop} {group.remedy}" for group in log.n_plus_one(threshold=program.threshold)]
""",
    ),
    "django-zeal": (
        "zeal",
        """
import warnings
import zeal
@contextmanager
def detecting(program):
    found = []
    # Its signal does not say where; its warnings do.
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with override_settings(ZEAL_RAISE=False, ZEAL_NPLUSONE_THRESHOLD=program.threshold + 1), zeal.zeal_context():
            yield found
    found += [str(warning.message) for warning in caught if "N+1 detected" in str(warning.message)]
""",
    ),
    "django-nplus1": (
        "django_nplus1",
        """
from django_nplus1.scope import DetectionContext
class Collector:
    def __init__(self):
        self.found = []
    def notify(self, message):
        if message.label != "unused_eager_load":
            self.found.append(message.message)
@contextmanager
def detecting(program):
    collector = Collector()
    names = ("NPLUS1_THRESHOLD", "NPLUS1_GET_THRESHOLD", "NPLUS1_DUPLICATE_QUERY_THRESHOLD")
    with override_settings(**dict.fromkeys(names, program.threshold + 1)):
        with DetectionContext(notifiers=[collector]):
            yield collector.found
""",
    ),
    "django-nplus1+duplicates": (
        "django_nplus1",
        """
from django_nplus1.scope import DetectionContext
class Collector:
    def __init__(self):
        self.found = []
    def notify(self, message):
        if message.label != "unused_eager_load":
            self.found.append(message.message)
@contextmanager
def detecting(program):
    collector = Collector()
    names = ("NPLUS1_THRESHOLD", "NPLUS1_GET_THRESHOLD", "NPLUS1_DUPLICATE_QUERY_THRESHOLD")
    with override_settings(NPLUS1_DETECT_DUPLICATE_QUERIES=True, **dict.fromkeys(names, program.threshold + 1)):
        with DetectionContext(notifiers=[collector]):
            yield collector.found
""",
    ),
    "nplusone": (
        "nplusone.ext.django",
        """
from nplusone.core import listeners
class Collector:
    def __init__(self):
        self.found = []
    def notify(self, message):
        if message.label != "unused_eager_load":
            self.found.append(message.message)
@contextmanager
def detecting(program):
    collector = Collector()
    active = [kind(collector) for kind in listeners.listeners.values()]
    for listener in active:
        listener.setup()
    try:
        yield collector.found
    finally:
        for listener in active:
            listener.teardown()
""",
    ),
}

SETTINGS = """
from natural_settings import *
INSTALLED_APPS = [*INSTALLED_APPS, *%(apps)r]
"""

TESTS = """
import asyncio, json, os, re
from contextlib import contextmanager
import pytest
from django.test import override_settings
from n_plus_one_corpus import PROGRAMS
from n_plus_one_corpus.rows import build
%(detecting)s

OUTCOMES = {}

@pytest.mark.django_db(transaction=True, databases=["default", "other"])
@pytest.mark.parametrize("program", PROGRAMS, ids=[program.name for program in PROGRAMS])
def test_program(program):
    build()
    try:
        with program.limits(), detecting(program) as found:
            asyncio.run(program.run()) if program.asynchronous else program.run()
    except Exception as error:
        found, died = [], f"{type(error).__name__}: {error}"
    else:
        died = None
    here = re.compile(rf"/{re.escape(program.query_line or '-')}(?!\\d)")
    named = any(here.search(text) for text in found)
    OUTCOMES[program.name] = {
        "positive": program.positive, "found": found, "named": named, "died": died
    }

def test_write():
    with open(os.environ["CORPUS_OUTPUT"], "w") as file:
        json.dump(OUTCOMES, file)
"""


def run(name: str, python: str) -> dict[str, dict[str, object]] | str:
    """Run the corpus under one detector; give the outcomes by program, or why there are none."""
    app, detecting = DETECTORS[name]
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        (directory / "corpus_settings.py").write_text(SETTINGS % {"apps": [app] if app else []})
        (directory / "test_corpus.py").write_text(TESTS % {"detecting": detecting})
        (directory / "pytest.ini").write_text("[pytest]\nDJANGO_SETTINGS_MODULE = corpus_settings\n")
        paths = [directory, ROOT / "tests" / "natural", ROOT / "tests" / "plugin", ROOT]
        output = directory / "outcomes.json"
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([*map(str, paths), os.environ.get("PYTHONPATH", "")]),
            "NATURAL_DATABASE": "sqlite-file",
            "NATURAL_DIRECTORY": folder,
            "CORPUS_OUTPUT": str(output),
        }
        plugin = ["-p", "pytest_async_orm.plugin"] if name == OURS else ["-p", "no:async_orm"]
        command = [python, "-m", "pytest", "-q", "--nomigrations", "-p", "no:randomly", "-p", "no:cacheprovider"]
        if name == OURS:
            probe = (
                "from importlib.metadata import entry_points as e; print(bool(e(group='pytest11', name='async_orm')))"
            )
            known = subprocess.run([python, "-c", probe], capture_output=True, text=True, env=environment, check=True)
            plugin = [] if known.stdout.strip() == "True" else plugin
        result = subprocess.run(
            [*command, *plugin, folder], cwd=folder, env=environment, capture_output=True, text=True, timeout=600
        )
        if output.exists():
            return json.loads(output.read_text())
    lines = (result.stdout + result.stderr).splitlines()
    errors = [line for line in lines if "Error" in line and not line.startswith("ERROR")]
    return (errors or lines or ["it said nothing"])[-1].removeprefix("E").strip()


def version(distribution: str, python: str) -> str:
    code = (
        f"import importlib.metadata as m, django; print(m.version({distribution!r}), 'on Django', django.__version__)"
    )
    found = subprocess.run([python, "-c", code], capture_output=True, text=True)
    return found.stdout.strip() if found.returncode == 0 else "not installed"


def verdict(outcome: dict[str, object]) -> str:
    if outcome["died"]:
        return "died"
    if not outcome["positive"]:
        return "ALARM" if outcome["found"] else ""
    if not outcome["found"]:
        return "missed"
    return "found" if outcome["named"] else "found*"


def report(results: dict[str, dict[str, dict[str, object]]], *, brief: bool) -> None:
    names = list(results)
    programs = {program: outcome["positive"] for result in results.values() for program, outcome in result.items()}
    print(f"{'program':44}" + "".join(f"{name:>26}" for name in names))
    for kind in (True, False):
        print("N+1" if kind else "no N+1")
        for program in (program for program, positive in programs.items() if positive is kind):
            verdicts = [verdict(results[name][program]) for name in names]
            if not brief or len(set(verdicts)) > 1:
                print(f"  {program:42}" + "".join(f"{text:>26}" for text in verdicts))
    counts = {name: Counter(map(verdict, results[name].values())) for name in names}
    size = {kind: sum(positive is kind for positive in programs.values()) for kind in (True, False)}
    rows = {
        f"found, of {size[True]}": lambda count: count["found"] + count["found*"],
        "  at the query's line": lambda count: count["found"],
        "missed": lambda count: count["missed"],
        f"false alarms, of {size[False]}": lambda count: count["ALARM"],
        "died": lambda count: count["died"],
    }
    for label, value in rows.items():
        print(f"{label:44}" + "".join(f"{value(counts[name]):>26}" for name in names))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", action="append", default=[], metavar="DETECTOR=PATH", help="its own interpreter")
    parser.add_argument("--only", action="append", choices=list(DETECTORS), help="run this detector alone")
    parser.add_argument("--brief", action="store_true", help="leave out the programs on which all agree")
    parser.add_argument("--texts", action="store_true", help="print what each detector said")
    options = parser.parse_args()
    interpreters = dict(given.split("=", 1) for given in options.python)
    results = {}
    for name in options.only or DETECTORS:
        distribution = name.partition("+")[0]
        python = interpreters.get(distribution, sys.executable)
        outcomes = run(name, python)
        told = version(distribution, python)
        if isinstance(outcomes, str):
            print(f"{name} ({told}) did not run: {outcomes}")
            continue
        print(f"{name} ({told}) ran")
        results[name] = outcomes
        for program, outcome in outcomes.items() if options.texts else ():
            for text in filter(None, [*outcome["found"], outcome["died"]]):
                print(f"    {program}: {text}")
    if results:
        report(results, brief=options.brief)


if __name__ == "__main__":
    main()
