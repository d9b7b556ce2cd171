"""What GitHub is told is sound."""

from __future__ import annotations

import re

import pytest

from conformance.matrix.djangos import django_release
from tests.docs.pages import README, ROOT

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
CI = (GITHUB / "workflows/ci.yml").read_text("utf-8")


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


def jobs() -> list[tuple[str, str]]:
    """The Python, and the Django that tox is asked for, of every job of the versions."""
    found = re.findall(r'python: "([\d.]+)", environment: tests-django(\d)(\d+)', CI)
    return [(python, f"{major}.{minor}") for python, major, minor in found]


def test_each_supported_python_is_tested() -> None:
    """CI has a job for every Python that the README names."""
    first, last = re.findall(r"Python 3\.(\d+) to 3\.(\d+)", README.read_text("utf-8"))[0]
    assert [python for python, _ in jobs()] == [f"3.{minor}" for minor in range(int(first), int(last) + 1)]


def test_each_supported_django_is_tested() -> None:
    """CI has a job for every Django that the README names, and for no other."""
    (named,) = re.findall(r"; Django ([\d., and]+), as far as", README.read_text("utf-8"))
    assert sorted(set(re.findall(r"\d+\.\d+", named))) == sorted({django for _, django in jobs()})


@pytest.mark.parametrize("distribution", ["pyproject.toml", "conformance/pyproject.toml"])
def test_the_classifiers_name_what_is_tested(distribution: str) -> None:
    """Each Python and each Django that CI tests is a classifier of both distributions, and nothing else is."""
    text = (ROOT / distribution).read_text("utf-8")
    pythons, djangos = zip(*jobs(), strict=True)
    assert re.findall(r'"Programming Language :: Python :: (\d+\.\d+)"', text) == sorted(set(pythons))
    assert re.findall(r'"Framework :: Django :: ([\d.]+)"', text) == sorted(set(djangos))


@pytest.mark.parametrize(("python", "django"), jobs())
def test_each_job_is_a_pair_that_django_supports(python: str, django: str) -> None:
    """The Python of a job is one that its Django supports, and its environment of tox installs this Django."""
    assert python in django_release(django).pythons
    assert f"django{django.replace('.', '')}: django~={django}.0\n" in (ROOT / "tox.ini").read_text("utf-8")
