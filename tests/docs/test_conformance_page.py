"""What the page about the suite shows is what the suite does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conformance.case import ExitCode
from conformance.case.verdict import SEVERITY
from conformance.catalogue import load_catalogue
from conformance.cli import app, main
from conformance.defects import defect_names
from conformance.expectations import load_expectations
from conformance.runner import PROFILES
from tests.docs.pages import CONFORMANCE, blocks, files, session, shows
from tests.docs.reader import Reader

_, EXPECTATIONS, ENTRY = blocks(CONFORMANCE, "toml")


@pytest.mark.parametrize("arguments", ["list queryset.acount", "show O3.counts"])
def test_output_is_as_shown(arguments: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A command prints what the page says that it prints."""
    assert main(arguments.split()) == 0
    assert capsys.readouterr().out == session(CONFORMANCE, f"async-orm-conformance {arguments}")


def test_a_reader_sees_what_is_shown(suite_reader: Reader) -> None:
    """Every command prints what the page shows where the suite alone is installed, and leaves only its results."""
    for command, shown, output in suite_reader.follow(CONFORMANCE):
        assert command.startswith("pip ") or shows(shown, output), f"$ {command}\n{output}"
    assert {path.name for path in suite_reader.home.iterdir()} == {
        "conformance-results",
        "known.toml",
        *files(CONFORMANCE),
    }


def test_a_project_needs_the_sample_app(suite_reader: Reader) -> None:
    """Settings without it are named as what is wrong."""
    (suite_reader.home / "bare.py").write_text(
        'SECRET_KEY = "s"\nINSTALLED_APPS = []\n'
        'DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "bare"}}\n',
        "utf-8",
    )
    ended = suite_reader.run("PYTHONPATH=. async-orm-conformance run --settings bare --only queryset.acount")
    assert ended.returncode == 13
    assert "INSTALLED_APPS lacks 'sample_app'" in ended.stderr
    assert "worker" not in ended.stderr


def test_the_expectations_are_valid(tmp_path: Path) -> None:
    """The example has a rule of each kind, and can be read."""
    file = tmp_path / "expectations.toml"
    file.write_text(EXPECTATIONS, "utf-8")
    found = load_expectations(file)
    assert (len(found.expect), len(found.flaky), len(found.quarantine)) == (1, 1, 1)
    known = [cell for rule in found for cell in load_catalogue().cells() if rule.names(cell)]
    assert known


def test_the_entry_is_valid(tmp_path: Path) -> None:
    """The example is an entry that the catalogue accepts, and its defect exists."""
    (tmp_path / "example.toml").write_text(ENTRY, "utf-8")
    (entry,) = load_catalogue(tmp_path).entries
    assert {kill.defect for check in entry.checks for kill in check.kills} <= defect_names()


def test_nothing_is_left_out() -> None:
    """The page names every command, exit code, verdict and profile."""
    text = CONFORMANCE.read_text("utf-8")
    quoted = {name for span in re.findall(r"`([^`\n]+)`", text) for name in (span, span.split()[0])}
    assert set(app.commands) <= quoted
    assert set(SEVERITY) <= quoted
    assert set(PROFILES) <= quoted
    codes = {int(number) for number in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}
    assert codes == {code.value for code in ExitCode}


def test_profiles_generate_what_the_page_says() -> None:
    """The numbers of examples are those of the profiles."""
    numbers = [str(profile.examples) for profile in PROFILES.values()]
    assert f"generate {', '.join(numbers[:-1])} and {numbers[-1]} examples" in CONFORMANCE.read_text("utf-8")
