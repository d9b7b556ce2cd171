"""Defects of a few characters in the code of Django: the suite notices each."""

from __future__ import annotations

import json
import os
from importlib.util import find_spec
from pathlib import Path

import django
import pytest

from tests.conformance.commands import conform, environ
from tests.conformance.subtle import DEFECTS, Defect

# Python imports this at its start: the source of one module is another, in every process that is started.
_REPLACING = """\
import json, os
from importlib.machinery import SourceFileLoader
module, after, old, new = json.loads(os.environ["ONE_DEFECT"])
original = SourceFileLoader.get_code
def get_code(self, name):
    if name != module:
        return original(self, name)
    source = self.get_data(self.path).decode()
    at = source.index(after)
    return compile(source[:at] + source[at:].replace(old, new, 1), self.path, "exec")
SourceFileLoader.get_code = get_code
"""


# The first ones, which show in the usual number of examples.
_COARSE = 31
# Every third, since each takes seconds of a processor: nightly, all.
_CHOSEN = DEFECTS if os.environ.get("ASYNC_ORM_ALL_DEFECTS") else DEFECTS[::3]


def _has(defect: Defect) -> bool:
    spec = find_spec(defect.module)
    assert spec is not None
    assert spec.origin is not None
    at = (source := Path(spec.origin).read_text("utf-8")).find(defect.after)
    return at >= 0 and defect.old in source[at:]


@pytest.mark.parametrize("defect", _CHOSEN, ids=lambda defect: f"{defect.cell} {defect.new or defect.old}")
def test_a_defect_of_a_few_characters_is_noticed(tmp_path: Path, defect: Defect) -> None:
    """With it the cell does not pass."""
    if not _has(defect):
        pytest.skip("this Django is written in another way")
    (tmp_path / "sitecustomize.py").write_text(_REPLACING, "utf-8")
    more = {
        "PYTHONPATH": os.pathsep.join((str(tmp_path), environ()["PYTHONPATH"])),
        "ONE_DEFECT": json.dumps([defect.module, defect.after, defect.old, defect.new]),
    }
    cell = defect.cell.replace("PREFIX", "http.request.script_prefix")
    # Most of the finer ones show in the usual number too, which takes less.
    for profile in ("ci",) if defect in DEFECTS[:_COARSE] else ("ci", "full"):
        results = tmp_path / profile
        run = conform("run", "--only", cell, "--profile", profile, "--results", str(results), cwd=tmp_path, **more)
        assert run.returncode == 0, run.stderr
        (found,) = results.glob("*.jsonl")
        lines = [json.loads(line) for line in found.read_text("utf-8").splitlines()]
        verdicts = [line["verdict"] for line in lines if line["type"] == "cell"]
        if verdicts == ["absent"] and django.VERSION < (5, 0):
            pytest.skip("an older Django does not have it")
        if verdicts != ["pass"]:
            break
    assert verdicts in (["silent"], ["fail"])
