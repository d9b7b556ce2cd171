"""What a call leaves behind is found where it was left, and not by chance later."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

# One process for all: each call is watched twice, so that what is told of the second is its own.
PROGRAM = """
import gc, json, sys, tempfile
import django
django.setup()
from dataclasses import asdict
from types import SimpleNamespace
from unittest.mock import MagicMock
from conformance.checks.experiments import Conditions, Sides
from conformance.checks.witness import Witness
kept = []
class Held:
    '''In a circle with itself, so that only the collector finds it.'''
    def __init__(self):
        self.own, self.file = self, tempfile.TemporaryFile()
def leave():
    kept.append(Held())
def forget():
    Held()
def fail():
    held = Held()
    raise ValueError(held)
gc.disable()
stage = MagicMock()
stage.recorder.count.return_value = 0
witness = Witness(stage)
told = {}
for name, call in {"forget": forget, "fail": fail, "leave": leave, "nothing": lambda: None}.items():
    side = witness._run_sync(Sides(call, call), Conditions())
    told[name] = [text.partition(':')[0] for text in witness._leftover_watch.leftovers(side.left).warnings]
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told() -> dict[str, list[str]]:
    """The kinds of warnings by what was called."""
    environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "sample_app.settings.sqlite"}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("call", ["forget", "fail"])
def test_what_only_the_collector_finds_is_found_at_once(told, call):
    """Also where an exception's frames hold it: they are let go before it is looked for."""
    assert told[call] == ["ResourceWarning"]


@pytest.mark.parametrize("call", ["leave", "nothing"])
def test_what_somebody_holds_is_left_to_nobody_else(told, call):
    """The next call is not told of what an earlier one has left."""
    assert told[call] == []
