"""What the README shows is what happens."""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, README, ROOT, blocks, files, shows
from tests.docs.reader import SUITE, Reader

TESTS = "python3 -m venv .venv && .venv/bin/pip install -q tox tox-uv && .venv/bin/tox run -q -e tests"
MATRIX = TESTS.replace("-e tests", "-e matrix")
BLOB = "https://github.com/pytest-async-orm/pytest-async-orm/blob/main/"
LONGEST = 130
"""Lines of the README."""


def test_a_reader_sees_what_is_shown(reader: Reader) -> None:
    """The README's files and commands give its output to a reader who has installed only what it names by then."""
    for command, shown, output in reader.follow(README):
        assert shows(shown, output), f"$ {command}\n{output}"


def test_what_the_readme_installs_has_no_suite(plugin_reader: Reader) -> None:
    """The plugin brings one top-level package: a project's own `sample_app` and `conformance` stay its own."""
    installed = {path.name for path in (plugin_reader.venv / "lib").glob("python*/site-packages/*")}
    assert "pytest_async_orm" in installed
    assert not installed & {"conformance", "sample_app", "tests", "docs", "benchmarks"}


def test_the_suites_command_installs_it(suite_reader: Reader) -> None:
    """What the README installs for the suite is enough to measure one operation as a pytest test."""
    assert f"`{SUITE}`" in README.read_text("utf-8")
    ended = suite_reader.run("pytest --pyargs conformance -k queryset.acount")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert re.search(r" [1-9]\d* passed, ", ended.stdout)


def test_the_commands_are_kept() -> None:
    """The README gives the command that measures and the one that tests, in these words, and CI runs both."""
    lines = [line for block in blocks(README, "shell") for line in block.splitlines()]
    assert {MATRIX, TESTS} <= set(lines)
    assert TESTS in (ROOT / ".ci/run").read_text("utf-8")
    workflow = (ROOT / ".github/workflows/ci.yml").read_text("utf-8")
    assert "run: .ci/run" in workflow
    assert MATRIX in workflow


def test_it_is_short() -> None:
    """The README can be read at once."""
    assert len(README.read_text("utf-8").splitlines()) <= LONGEST


def test_its_links_are_absolute() -> None:
    """PyPI shows the README, where a relative link leads nowhere."""
    assert re.findall(r"\]\((?!https://)[^)]*\)", README.read_text("utf-8")) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every link to a file of this repository leads to a file, and its fragment to a heading."""
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        base, relative = (ROOT, link.removeprefix(BLOB)) if link.startswith(BLOB) else (page.parent, link)
        if relative.startswith("https:"):
            continue
        path, _, fragment = relative.partition("#")
        target = base / path if path else page
        assert target.exists(), link
        if fragment:
            headings = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE)
            assert fragment in {heading.lower().replace(" ", "-") for heading in headings}, link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_words_are_plain(page: Path) -> None:
    """No page uses a word that was agreed to be replaced: a leak has a remedy, and a change is rolled back."""
    text = page.read_text("utf-8").lower()
    assert re.findall(r"\b(mends?|mended|mending|dear|lest|kin|hence|undone|thereof|whence)\b", text) == []


def test_each_file_is_named_once() -> None:
    """A block that begins with the name of a file is the whole file."""
    assert set(files(README)) == {"settings.py", "pytest.ini", "test_groups.py", "test_members.py"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_tox_has_what_is_named(page: Path) -> None:
    """Every environment that a page runs by tox is in tox.ini."""
    for names in re.findall(r"\btox run -q -e ([\w,-]+)", page.read_text("utf-8")):
        assert set(names.split(",")) <= _environments(), names


def _environments() -> set[str]:
    """The names of tox.ini, with every factor in braces spelled out."""
    tox = ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini", "utf-8")
    found = set()
    for section in tox.sections():
        name, brace, factors = section.removeprefix("testenv:").partition("{")
        found |= {f"{name}{factor}" for factor in factors.rstrip("}").split(",")} if brace else {name}
    return found
