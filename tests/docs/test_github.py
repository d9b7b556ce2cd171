"""What GitHub is told is sound."""

from __future__ import annotations

import re

from tests.docs.pages import ROOT

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))


def test_actions_are_pinned() -> None:
    """Every action is named by the hash of a commit, with its release beside it: a tag can be moved."""
    for workflow in WORKFLOWS:
        for used in re.findall(r"uses: (.+)$", workflow.read_text("utf-8"), re.MULTILINE):
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used), used


def test_no_job_has_more_rights_than_it_needs() -> None:
    """A job may read the repository, and its checkout keeps no credentials."""
    for workflow in WORKFLOWS:
        text = workflow.read_text("utf-8")
        assert "\npermissions: {}\n" in text
        assert set(re.findall(r"^ +(\w[\w-]*: (?:read|write)\b)", text, re.MULTILINE)) <= {"contents: read"}
        assert text.count("actions/checkout@") == text.count("with: { persist-credentials: false }")


def test_each_supported_python_is_tested() -> None:
    """CI has a job for every Python that the README names."""
    first, last = re.findall(r"Python 3\.(\d+) to 3\.(\d+)", (ROOT / "README.md").read_text("utf-8"))[0]
    tested = re.findall(r'python: "3\.(\d+)", environment', (GITHUB / "workflows/ci.yml").read_text("utf-8"))
    assert list(map(int, tested)) == list(range(int(first), int(last) + 1))
