"""The installed Django has no public asynchronous name that nothing answers for."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from conformance.catalogue import load_catalogue
from conformance.runner.surface import unanswered_names
from conformance.surface import Answers, load_answers, unanswered

SETTINGS = "sample_app.settings.sqlite"
CATALOGUE = load_catalogue()
ANSWERS = load_answers()
# Which names two entries call, seen by the profiler in a process that has settings.
REACH = """
import json, os
import django
django.setup()
from conformance.catalogue import load_catalogue
from conformance.checks import Stage
from conformance.checks.adapter import load_adapter
from conformance.surface import public_names
from conformance.worker.cells import CellSequence
from conformance.worker.coroutines import RUNNERS
from conformance.worker.database import own_database
from conformance.worker.reach import reached
catalogue = load_catalogue()
with own_database(f"conformance_reach_{os.getpid()}"):
    stage = Stage(load_adapter(), RUNNERS["asyncio.run"])
    sequence = CellSequence(catalogue, stage, 4, 0)
    entries = {name: catalogue.select((f"{name}:result",)) for name in ("queryset.acount", "manager.acount")}
    found = reached(public_names(), entries, sequence)
    stage.close()
print(json.dumps({name: entries for name, entries in found.items() if entries}))
"""


def test_every_public_asynchronous_name_is_answered():
    """Each has an entry, or a reason for having none: a new release of Django shows what is new in it."""
    assert unanswered_names(sys.executable, SETTINGS, os.environ, CATALOGUE) == []


def test_a_name_that_nothing_answers_for_is_told():
    """A name without an entry, and one whose entry is gone, are told; one with a reason is not."""
    answers = Answers({"a.one": ("area.entry",), "a.two": ("area.gone",)}, {"b.*": "it is no API"})
    assert unanswered(["a.one", "a.two", "a.new", "b.any"], answers, {"area.entry"}) == ["a.two", "a.new"]


def test_every_entry_that_answers_exists():
    """No name is covered by an entry that the catalogue does not have."""
    known = {entry.id for entry in CATALOGUE.entries}
    assert {entry for entries in ANSWERS.covered.values() for entry in entries} <= known


def test_every_reason_is_a_sentence_for_a_reader():
    """What is left out is left out for a reason that can be read."""
    assert all(reason and not reason.endswith(".") for reason in ANSWERS.excluded.values())


def test_what_an_entry_calls_is_seen():
    """The profiler tells a manager's method from the queryset's, although all methods of managers are one function."""
    environ = {**os.environ, "DJANGO_SETTINGS_MODULE": SETTINGS}
    done = subprocess.run([sys.executable, "-c", REACH], env=environ, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["django.db.models.Manager.acount"] == ["manager.acount"]
    assert found["django.db.models.query.QuerySet.acount"] == ["queryset.acount", "manager.acount"]
    assert "django.db.models.query.QuerySet.aexists" not in found
