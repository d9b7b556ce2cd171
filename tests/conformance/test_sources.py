"""What is shown of an example can be pasted: it is Python, or a comment, and never a class of the suite's own."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys

import pytest

# Drawing examples needs Django with settings; these tests have none.
DRAW = """
import json, warnings
import django
django.setup()
from hypothesis import HealthCheck, Phase, given, seed, settings
from conformance.case import Cell
from conformance.catalogue import JUDGES, load_catalogue
from conformance.checks import check_code, experiment_of
from conformance.checks.workarounds.source import source_of_workaround
from conformance.worker.telling import code_of_example

warnings.simplefilter("ignore")
told, workarounds = {}, {}

def draw(name, examples, source):
    @seed(0)
    @settings(max_examples=3, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(examples)
    def run(example):
        told.setdefault(name, []).extend(code_of_example(source, example))
    run()

for entry in load_catalogue().entries:
    experiment = experiment_of(entry)
    if entry.subject == "workaround":
        workarounds[entry.id] = source_of_workaround(entry.id)
    if experiment is not None:
        draw(entry.id, experiment.examples, experiment.source)
    for check in entry.checks if experiment is None else ():
        code = check_code(Cell(entry.id, check.name))
        draw(f"{entry.id}:{check.name}", code.examples, code.source)
print(json.dumps([told, workarounds]))
"""
# Of the suite's own, what an example is made of.
OWN = (
    "Rows(",
    "PostRow(",
    "CommentRow(",
    "QuerysetPlan(",
    "Chain(",
    "Step(",
    "Two(",
    "Block(",
    "Reading(",
    "Arguments(",
)


@pytest.fixture(scope="module")
def drawn() -> tuple[dict[str, list[str]], dict[str, str]]:
    """The code of some examples of each entry, and the code of each workaround."""
    environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "sample_app.settings.sqlite"}
    done = subprocess.run([sys.executable, "-c", DRAW], env=environ, stdout=subprocess.PIPE, text=True, check=True)
    told, workarounds = json.loads(done.stdout)
    return told, workarounds


def is_python(text: str) -> bool:
    try:
        compile(text, "example", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except SyntaxError:
        return False
    return True


def test_every_example_can_be_pasted(drawn: tuple[dict[str, list[str]], dict[str, str]]) -> None:
    """Its code compiles, with `await` at the top as in an asynchronous prompt, and has no class of the suite's own."""
    told, _ = drawn
    assert len(told) > 500
    wrong = {
        name: text
        for name, texts in told.items()
        for text in texts
        if not is_python(text) or any(own in text for own in OWN)
    }
    assert wrong == {}


def test_every_workaround_shows_its_code(drawn: tuple[dict[str, list[str]], dict[str, str]]) -> None:
    """What was measured can be read on its page."""
    _, workarounds = drawn
    assert {name for name, text in workarounds.items() if not text or not is_python(text)} == set()


def test_what_is_no_python_would_be_noticed() -> None:
    """The test itself can fail."""
    assert not is_python("GET /reading/?a=1  (http)")
