"""What GitHub and GitLab are told for many machines, run job by job: planned, measured in parts, merged and judged."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from conformance.matrix.djangos import django_release
from tests.docs.pages import ROOT
from tests.docs.reader import Reader

WORKFLOW = (ROOT / ".github/workflows/conformance.yml").read_text("utf-8")
SERIES = "5.2"
ARGUMENTS = f"--django {SERIES} --database sqlite --profile smoke --shards 2 --only queryset.acount --only cache.aget"
RESULTS = "conformance-results"
PARTS = (f"django-{SERIES}-sqlite-1of2", f"django-{SERIES}-sqlite-2of2")


def bash(reader: Reader, script: str, **environ: str) -> tuple[int, str]:
    """Run a script as both CIs do, and give its exit code and all that it said."""
    reader.environ |= environ
    (reader.home / "step.sh").write_text(script, "utf-8")
    ended = reader.run("bash --noprofile --norc -eo pipefail step.sh")
    return ended.returncode, ended.stdout + ended.stderr


def scripts(job: str) -> list[str]:
    """The scripts of a job of the workflow, in their order."""
    (text,) = re.findall(rf"^  {job}:\n(.*?)(?=^  \w+:\n|\Z)", WORKFLOW, re.MULTILINE | re.DOTALL)
    found = re.findall(r"^ +run: \|\n((?: {10}.*\n|\n)+)", text, re.MULTILINE)
    return [re.sub(r"^ {10}", "", script, flags=re.MULTILINE) for script in found]


def given(part: Mapping[str, str]) -> dict[str, str]:
    """What a step of the workflow has in its environment, of the inputs and of its part."""
    return {
        "ARGUMENTS": part.get("arguments", ARGUMENTS),
        "PART": part.get("part", ""),
        "REQUIREMENT": "async-orm-conformance",
        "EXPECTATIONS": "",
    }


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory, suite_venv: Path, dist: Path) -> Path:
    """A folder in which the workflow's first job has planned, and each machine has measured its part."""
    reader = Reader(tmp_path_factory.mktemp("machines"), suite_venv, dist)
    (planning,) = scripts("plan")
    code, said = bash(reader, planning, GITHUB_OUTPUT=str(reader.home / "output"), **given({}))
    assert code == 0, said
    told = (reader.home / "output").read_text("utf-8").partition("matrix=")[2]
    parts = json.loads(told)["include"]
    assert tuple(part["part"] for part in parts) == PARTS
    (measuring,) = scripts("measure")
    for part in parts:
        assert part["python"] in django_release(SERIES).pythons
        code, said = bash(reader, measuring, **given(part))
        assert code == 0, said
    return reader.home


@pytest.fixture
def gathered(reader_of_parts: Reader, machines: Path) -> Reader:
    """The last machine: it has the plan and the parts."""
    shutil.copytree(machines / "parts", reader_of_parts.home / "parts")
    shutil.copy(machines / "plan.json", reader_of_parts.home)
    return reader_of_parts


@pytest.fixture
def reader_of_parts(tmp_path: Path, suite_venv: Path, dist: Path) -> Reader:
    """A reader with the suite, and a place for the summary."""
    reader = Reader(tmp_path, suite_venv, dist)
    reader.environ["GITHUB_STEP_SUMMARY"] = str(tmp_path / "summary.md")
    return reader


def last_job_of_gitlab(reader: Reader) -> dict[str, Any]:
    """The job of the child pipeline that merges, as `plan` prints it."""
    code, said = bash(reader, f"async-orm-conformance plan {ARGUMENTS} --format gitlab")
    assert code == 0, said
    gate: dict[str, Any] = json.loads(said)["gate"]
    return gate


def judged(reader: Reader, ci: str) -> tuple[int, str]:
    """Run the last job."""
    if ci == "github":
        (script,) = scripts("gate")
        return bash(reader, script, **given({}))
    return bash(reader, "\n".join(last_job_of_gitlab(reader)["script"]))


@pytest.mark.parametrize("ci", ["github", "gitlab"])
def test_every_part_came(ci: str, gathered: Reader) -> None:
    """The job is green, and leaves the report and what the CI shows."""
    code, said = judged(gathered, ci)
    assert code == 0, said
    results = gathered.home / RESULTS
    assert (results / "report" / "index.html").exists()
    if ci == "github":
        assert "conforms" in (gathered.home / "summary.md").read_text("utf-8")
        assert (results / "badges" / "sqlite.svg").exists()
    else:
        junit = last_job_of_gitlab(gathered)["artifacts"]["reports"]["junit"]
        assert 'failures="0" errors="0"' in (gathered.home / junit).read_text("utf-8")


@pytest.mark.parametrize("ci", ["github", "gitlab"])
def test_a_part_that_did_not_come_is_red_and_the_rest_is_shown(ci: str, gathered: Reader) -> None:
    """12, with its name; the report is there, since it says what is known."""
    shutil.rmtree(gathered.home / "parts" / PARTS[1])
    code, said = judged(gathered, ci)
    assert code == 12, said
    assert "incomplete: part 2/2 of Django 5.2 on sqlite is missing" in said
    assert (gathered.home / RESULTS / "report" / "index.html").exists()
    if ci == "github":
        assert "incomplete" in (gathered.home / "summary.md").read_text("utf-8")


@pytest.mark.parametrize("ci", ["github", "gitlab"])
def test_a_part_that_was_changed_is_red_and_named(ci: str, gathered: Reader) -> None:
    """65, with the file; the summary says it too."""
    (path,) = (gathered.home / "parts" / PARTS[0]).glob("*.jsonl")
    path.write_text(path.read_text("utf-8").replace('"pass"', '"n/a"', 1), "utf-8")
    code, said = judged(gathered, ci)
    assert code == 65, said
    assert path.name in said
    if ci == "github":
        assert path.name in (gathered.home / "summary.md").read_text("utf-8")
