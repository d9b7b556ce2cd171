"""The Action's steps, run one by one in a sample repository as GitHub runs them; and what is told to other CIs."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import pytest

from conformance.cli import main
from tests.docs.pages import ROOT
from tests.docs.reader import Reader

ACTION = (ROOT / ".github/actions/conformance/action.yml").read_text("utf-8")
WORKFLOW = (ROOT / ".github/workflows/conformance.yml").read_text("utf-8")
SETTINGS = """\
from sample_app.settings.sqlite import *

ASYNC_ORM_CONFORMANCE_ADAPTER = "backend.Adapter"
"""
BACKEND = """\
from conformance.checks import adapter


class Adapter(adapter.Adapter):
    def asynchronous(self, target, name):
        operation = super().asynchronous(target, name)
        if name != "count":
            return operation

        async def count():
            return await operation() + OFFSET

        return count
"""
INPUTS = {
    "requirement": "async-orm-conformance",
    "settings": "settings",
    "arguments": "--profile smoke --only queryset.acount:result --only queryset.aexists:result",
    "expectations": "",
    "results": "conformance-results",
}
KNOWN = """\
[[expect]]
match = "queryset.acount"
outcome = "silent"
class = "bug"
reason = "counts one too many"
issue = "#1"
"""


@dataclass(frozen=True)
class Step:
    """What GitHub takes from it: its variables, each an input, and its script."""

    name: str
    inputs: dict[str, str]
    script: str
    always: bool


def steps() -> list[Step]:
    """The steps of the Action, which has no other kind."""
    found = []
    for text in ACTION.split("    - name: ")[1:]:
        head, script = text.split("      run: |\n")
        name = head.partition("\n")[0]
        inputs = dict(re.findall(r"^ +(\w+): \$\{\{ inputs\.(\w+) \}\}$", head, re.MULTILINE))
        found.append(Step(name, inputs, re.sub(r"^ {8}", "", script, flags=re.MULTILINE), "!cancelled()" in head))
    return found


def run(reader: Reader, **inputs: str) -> dict[str, int]:
    """The exit code of each step; after one that fails, only those that run always do."""
    given = {**INPUTS, **inputs}
    codes: dict[str, int] = {}
    for step in steps():
        if any(codes.values()) and not step.always:
            continue
        reader.environ.update({name: given[source] for name, source in step.inputs.items()})
        (reader.home / "step.sh").write_text(step.script, "utf-8")
        codes[step.name] = reader.run("bash --noprofile --norc -eo pipefail step.sh").returncode
    return codes


@pytest.fixture
def repository(reader: Reader) -> Reader:
    """A backend that may count wrong, and a place for the summary."""
    (reader.home / "settings.py").write_text(SETTINGS, "utf-8")
    (reader.home / "backend.py").write_text(BACKEND.replace("OFFSET", "0"), "utf-8")
    reader.environ["GITHUB_STEP_SUMMARY"] = str(reader.home / "summary.md")
    return reader


def test_the_action_is_red_on_a_regression_and_green_otherwise(repository: Reader) -> None:
    """Green; red with a planted regression, whose summary names it; green again once it is expected."""
    green = run(repository)
    assert green == {"install": 0, "measure": 0, "show": 0, "gate": 0}
    summary = repository.home / "summary.md"
    assert "queryset.acount" not in summary.read_text("utf-8").partition("regression")[2]
    results = repository.home / "conformance-results"
    assert (results / "report" / "index.html").exists()
    assert list((results / "badges").glob("*.svg"))

    (repository.home / "backend.py").write_text(BACKEND.replace("OFFSET", "1"), "utf-8")
    for path in results.glob("*.jsonl"):
        path.unlink()
    summary.unlink()
    assert run(repository) == {"install": 0, "measure": 0, "show": 0, "gate": 10}
    assert "queryset.acount" in summary.read_text("utf-8")

    (repository.home / "known.toml").write_text(KNOWN, "utf-8")
    assert run(repository, expectations="known.toml") == {"install": 0, "measure": 0, "show": 0, "gate": 0}


def test_a_measurement_that_fails_is_red_and_still_shown(repository: Reader) -> None:
    """Settings that cannot be used: the steps that show and judge run, and judge it incomplete."""
    codes = run(repository, settings="nothing")
    assert (codes["install"], codes["measure"], codes["gate"]) == (0, 13, 12)


def test_every_input_is_used_and_described() -> None:
    """No step reads an input that there is not, and none is for nothing."""
    declared = re.findall(r"^  (\w+):\n    description: \S", ACTION, re.MULTILINE)
    assert declared == ["settings", "arguments", "expectations", "results", "requirement"]
    assert {source for step in steps() for source in step.inputs.values()} == set(declared)
    assert "${{" not in "".join(step.script for step in steps())


@pytest.mark.parametrize("text", [ACTION, WORKFLOW, (ROOT / "docs/ci/gitlab.yml").read_text("utf-8")])
def test_ci_calls_commands_as_they_are(text: str) -> None:
    """Every command that a CI is told has the options that it is given."""
    from conformance.cli import app

    calls = re.findall(r"async-orm-conformance (\w+)([^\n|>)]*)", text)
    assert calls
    for name, rest in calls:
        options = {option for parameter in app.commands[name].params for option in parameter.opts}
        assert set(re.findall(r"(?<!\S)(--?[a-z]+)", rest)) <= options, (name, rest)


def test_the_workflow_names_what_a_part_has(capsys: pytest.CaptureFixture[str]) -> None:
    """The matrix of GitHub has what its jobs read."""
    assert main(["plan", "--format", "github", "--django", "5.2", "--database", "sqlite"]) == 0
    (part,) = json.loads(capsys.readouterr().out)["include"]
    assert set(re.findall(r"matrix\.(\w+)", WORKFLOW.partition("outputs.matrix")[2])) <= set(part) | {"outputs"}


def test_the_servers_are_those_of_ci() -> None:
    """The compose file starts the images that CI measures, for this machine alone."""
    compose = (ROOT / "docs/ci/compose.yml").read_text("utf-8")
    ci = (ROOT / ".github/workflows/ci.yml").read_text("utf-8")
    for image in re.findall(r"image: ((?:postgres|mariadb):\S+)", ci):
        assert f"image: {image}\n" in compose
        assert f"image: {image}\n" in WORKFLOW
    assert re.findall(r'ports: \["(\S+?):\d+:\d+"\]', compose) == ["127.0.0.1"] * 3
