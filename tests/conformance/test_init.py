"""The first steps with a backend of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.cli import main
from conformance.expectations import load_expectations
from tests.conformance.commands import conform

ENGINE = "django.db.backends.sqlite3"
ONE = ["--profile", "smoke", "--only", "queryset.acount:result", "--only", "queryset.acount:statements"]


def test_settings_and_expectations_are_written_and_gate(tmp_path: Path) -> None:
    """Settings, a probe, results and expectations; then `run --gate` is green, and red with a planted defect."""
    begun = conform("init", ENGINE, *ONE, cwd=tmp_path)
    assert begun.returncode == 0, begun.stdout + begun.stderr
    assert "conformance_settings.py: the sample app's settings for sqlite, with this engine" in begun.stdout
    assert f"{ENGINE} answers: Django " in begun.stdout
    # Python itself keeps the bytecode of the settings.
    assert {path.name for path in tmp_path.iterdir()} - {"__pycache__"} == {
        "conformance-results",
        "conformance_settings.py",
        "expectations.toml",
    }
    assert not load_expectations(tmp_path / "expectations.toml").expect
    gate = ["run", "--settings", "conformance_settings", "--gate", "--expectations", "expectations.toml", *ONE]
    assert conform(*gate, cwd=tmp_path).returncode == 0
    red = conform(*gate, "--defect", "queryset.acount/wrong-result", cwd=tmp_path)
    assert red.returncode == 10
    assert "queryset.acount:result is silent" in red.stdout


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    """Settings that cannot be used are named and not overwritten, and expectations neither."""
    (tmp_path / "conformance_settings.py").write_text("INSTALLED_APPS = []\nSECRET_KEY = 's'\n")
    ended = conform("init", ENGINE, *ONE, cwd=tmp_path)
    assert ended.returncode == 13
    assert "conformance_settings.py is kept" in ended.stdout
    assert "error: conformance_settings.py cannot be used: ImproperlyConfigured: INSTALLED_APPS lacks" in ended.stderr
    (tmp_path / "conformance_settings.py").write_text("from sample_app.settings.sqlite import *\n")
    (tmp_path / "expectations.toml").write_text("# mine\n")
    ended = conform("init", ENGINE, *ONE, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "expectations.toml is kept: `expect update` brings it up to date" in ended.stdout
    assert (tmp_path / "expectations.toml").read_text() == "# mine\n"


@pytest.mark.parametrize(
    ("engine", "message"),
    [
        ("your_backend.fast", "Which database your_backend.fast is for cannot be told from its name."),
        (
            "your_backend.postgresql",
            "your_backend.postgresql cannot be imported: there is no package your_backend here.",
        ),
    ],
)
def test_an_engine_that_is_not_there_is_64(
    engine: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And nothing is written."""
    monkeypatch.chdir(tmp_path)
    assert main(["init", engine]) == 64
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
