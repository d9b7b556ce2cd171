"""What the README shows is what happens."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.docs.pages import README, ROOT, blocks, session, without_versions

TESTS = "python3 -m venv .venv && .venv/bin/pip install -q tox tox-uv && .venv/bin/tox run -q -e tests"
MATRIX = TESTS.replace("-e tests", "-e matrix")
# pytest-asyncio and Django say more in other releases than the README shows; its subject is what the tests say.
ALONE = {
    "DJANGO_SETTINGS_MODULE": "sample_app.settings.sqlite",
    "PYTHONWARNINGS": "ignore",
    "COLUMNS": "80",
    # The natural suite's random order is installed here; the README's second test is second.
    "PYTEST_ADDOPTS": "-p no:randomly",
}


def run(command: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a command line with the scripts of this interpreter's environment, in the folder."""
    program, *arguments = command.split()
    script = Path(sys.executable).with_name(program)
    kept = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    return subprocess.run(
        [str(script), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**kept, "NO_COLOR": "1", **environ},
    )


def test_the_problem_is_real(tmp_path: Path) -> None:
    """pytest-django alone lets one async test see the rows of another, with the output that the README shows."""
    command = "pytest -q -p no:async_orm test_posts.py"
    (example,) = blocks(README, "python")
    (tmp_path / "test_posts.py").write_text(example, "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n", "utf-8")
    ended = run(command, tmp_path, **ALONE)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert ended.stdout.startswith(session(README, command))


def test_the_plugin_mends_the_problem(tmp_path: Path) -> None:
    """With the plugin both tests of the README are green."""
    (example,) = blocks(README, "python")
    (tmp_path / "test_posts.py").write_text(example, "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n", "utf-8")
    ended = run("pytest -q test_posts.py", tmp_path, **ALONE)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "2 passed" in ended.stdout
    assert "2 passed" in session(README, "pytest -q test_posts.py")


def test_a_planted_defect_is_reported_as_shown(tmp_path: Path) -> None:
    """The run says `silent` and the gate says regression, in the words of the README."""
    measure = "async-orm-conformance run --only queryset.acount --profile smoke --defect queryset.acount/wrong-result"
    judge = "async-orm-conformance gate conformance-results/planted/queryset.acount-wrong-result"
    measured = run(measure, tmp_path)
    assert measured.returncode == 0, measured.stderr
    assert session(README, measure) in measured.stdout
    judged = run(judge, tmp_path)
    assert judged.returncode == 10
    assert without_versions(judged.stdout) == without_versions(session(README, judge))


def test_the_quick_start_is_green(tmp_path: Path) -> None:
    """The suite runs as pytest tests where nothing is configured at all."""
    command = "pytest --pyargs conformance -k queryset.acount"
    assert command in blocks(README, "shell")[3]
    ended = run(command, tmp_path, PYTHONWARNINGS="ignore")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert " 2 passed" in ended.stdout


def test_a_project_needs_the_sample_app(tmp_path: Path) -> None:
    """Settings without it are named as what is wrong."""
    (tmp_path / "bare.py").write_text(
        'SECRET_KEY = "s"\nINSTALLED_APPS = []\n'
        'DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "bare"}}\n',
        "utf-8",
    )
    command = "async-orm-conformance run --settings bare --only queryset.acount"
    ended = run(command, tmp_path, PYTHONPATH=str(tmp_path))
    assert ended.returncode == 13
    assert "INSTALLED_APPS lacks 'sample_app'" in ended.stderr
    assert "worker" not in ended.stderr


def test_ci_runs_the_command_of_the_readme() -> None:
    """The command that the README gives for the tests is the one that CI runs, here and on GitHub."""
    assert [f"{MATRIX}\n", f"{TESTS}\n"] == blocks(README, "shell")[:2]
    assert TESTS in (ROOT / ".ci/run").read_text("utf-8")
    workflow = (ROOT / ".github/workflows/ci.yml").read_text("utf-8")
    assert "run: .ci/run" in workflow
    assert MATRIX in workflow


def test_links_lead_somewhere() -> None:
    """Every relative link of a page leads to a file, and its fragment to a heading."""
    for page in (README, ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")):
        for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", page.read_text("utf-8")):
            path, _, fragment = link.partition("#")
            target = page.parent / path if path else page
            assert target.exists(), f"{page.name}: {link}"
            if fragment:
                headings = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE)
                assert fragment in {heading.lower().replace(" ", "-") for heading in headings}, f"{page.name}: {link}"
