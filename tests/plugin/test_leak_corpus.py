"""Programs that leak and programs that do not, each with virtual and with real connections, on every database."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from leak_expectations import CORPUS, Expected, expected, programs

from conftest import own_database

DATABASE = os.environ.get("NATURAL_DATABASE", "sqlite-memory")
# With a pool what stays open is a slot of it.
_OF_A_POOL = {"orphaned": "pool slot not returned", "lingering": "pool slot not returned"}
_OF_A_POOL["executor never shut down"] = _OF_A_POOL["orphaned"]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One inner run of all programs: what each left, by its report, and how each ended."""
    folder = tmp_path_factory.mktemp("corpus")
    output = folder / "found.json"
    roots = [CORPUS.parent.parent / "natural", CORPUS.parent.parent.parent]
    environment = {
        **os.environ,
        "NATURAL_DIRECTORY": str(folder),
        "CORPUS_OUTPUT": str(output),
        "PYTHONPATH": os.pathsep.join(map(str, roots)),
        **{name: own_database(name, "corpus") for name in ("PGDATABASE", "MYSQL_DATABASE")},
    }
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:randomly", "-p", "no:xdist"]
    result = subprocess.run(command, cwd=CORPUS, env=environment, capture_output=True, text=True, timeout=600)
    assert output.exists(), result.stdout + result.stderr
    return {**json.loads(output.read_text()), "output": result.stdout, "skipped": skipped(result.stdout)}


def skipped(output: str) -> set[tuple[str, str]]:
    """pytest's summary names the line of a skip, not its test: only their number can be compared."""
    return {(match[1], match[2]) for match in re.finditer(r"^SKIPPED \[(\d+)\] (.*)$", output, re.MULTILINE)}


def found(corpus: dict[str, Any]) -> dict[str, Counter[Expected]]:
    """The leaks of each kind of connections, by program."""
    counts: dict[str, Counter[Expected]] = {"sandbox": Counter(), "real": Counter()}
    for leak in corpus["tests"]:
        match = re.match(r"(?:.*/)?test_\w+\.py::(\w+)\[(?:asyncio-)?(sandbox|real)", str(leak["test"]))
        assert match is not None, leak
        counts[match[2]][Expected(match[1], leak["kind"], Path(leak["line"]).name)] += 1
    return counts


def wanted(skip: set[str]) -> Counter[Expected]:
    kinds = _OF_A_POOL if DATABASE == "postgresql-pool" else {}
    return Counter({
        Expected(entry.program, kinds.get(entry.kind, entry.kind), entry.line): count
        for entry, count in expected().items()
        if entry.program not in skip
    })  # fmt: skip


def ran(corpus: dict[str, Any], mode: str) -> set[str]:
    """The programs of which the census, taken at each one's end, knows."""
    return {
        match[1]
        for nodeid, *_ in corpus["census"]
        if (match := re.search(rf"::(\w+)\[(?:asyncio-)?{mode}", nodeid)) is not None
    }


def test_the_programs_themselves_pass(corpus: dict[str, Any]) -> None:
    """A leak is a warning: every program of the corpus ends as it would without the plugin."""
    assert re.search(r"\d+ passed", corpus["output"].splitlines()[-1]), corpus["output"]
    assert not re.search(r"failed|error", corpus["output"].splitlines()[-1]), corpus["output"]


@pytest.mark.parametrize("mode", ["sandbox", "real"])
def test_every_leak_is_found_with_its_line_and_its_kind(corpus: dict[str, Any], mode: str) -> None:
    """What the marked lines say is what was found, no more and no less, clean programs included."""
    everybody = {name.partition("::")[2] for name in programs("test_")}
    assert found(corpus)[mode] == wanted(everybody - ran(corpus, mode))


def test_numbers() -> None:
    """At least 40 programs leak and at least 60 do not, each with a name of its own; docs/leaks.md says how many."""
    leaking, clean = programs("test_leaks"), programs("test_clean")
    names = [name.partition("::")[2] for name in [*leaking, *clean]]
    assert len(names) == len(set(names))
    assert len(leaking) >= 40
    assert len(clean) >= 60
    assert {entry.program for entry in expected()} == {name.partition("::")[2] for name in leaking}
    page = (CORPUS.parent.parent.parent / "docs" / "leaks.md").read_text()
    assert f"{len(leaking)} programs that leak and {len(clean)} that do not" in page


def test_the_server_agrees(corpus: dict[str, Any]) -> None:
    """Ledger and census agree at the end of every program; where there is no server, the census says so."""
    assert len(corpus["census"]) > 100
    if DATABASE == "sqlite-memory":
        assert all("in memory has no server" in cannot_see for _, _, cannot_see, _ in corpus["census"])
    else:
        assert all(cannot_see == "" for _, _, cannot_see, _ in corpus["census"])


def test_nothing_is_left_to_the_session(corpus: dict[str, Any]) -> None:
    """Clean fixtures of wider scope are no leak of the session's either."""
    assert [leak for leak in corpus["session"]["leaks"] if "the session" in leak["tests"]] == []
