"""An environments folder for the matrix in which nothing has to be installed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import django
import pytest

from conformance.case import SuiteError
from conformance.matrix import django_release
from conformance.runner.environments import recipe_for

# Two series that run on every Python of this suite. What they measure is the Django that is installed here.
SERIES = ("5.1", "5.2")


def skip_below_51() -> None:
    """The sample app uses what a Django has that gives such a version, and there must be a Python for that one."""
    if django.VERSION < (5, 1):
        pytest.skip("an older Django cannot pretend to be 5.1")
    try:
        recipe_for(django_release(SERIES[0]))
    except SuiteError as error:
        pytest.skip(error.message)


def build(root: Path) -> Path:
    """For each series an interpreter that is this one, with a Django that gives the series as its version."""
    skip_below_51()
    for series in SERIES:
        recipe = recipe_for(django_release(series))
        folder = root / recipe.folder
        (folder / "bin").mkdir(parents=True)
        pretend = f"import django\ndjango.VERSION = ({series.replace('.', ', ')}, 0, 'final', 0)\n"
        (folder / "sitecustomize.py").write_text(pretend)
        python = folder / "bin" / "python"
        python.write_text(f'#!/bin/sh\nPYTHONPATH="{folder}:$PYTHONPATH" exec "{sys.executable}" "$@"\n')
        python.chmod(0o755)
        (folder / "built.json").write_text(json.dumps(recipe.requirements))
    return root
