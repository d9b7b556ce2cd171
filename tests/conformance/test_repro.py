"""A failure becomes a program that needs Django alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.case import Cell, Failure, Measured
from conformance.cli.app import main
from conformance.results import write_results
from tests.conformance import synthetic

MOST_LINES = 40
# Making a program needs Django with settings; these tests have none.
MAKE = """
import json, sys
import django
django.setup()
from conformance.strategies.rows import CommentRow, PostRow, Rows
from conformance.strategies.values import MOMENTS
from conformance.worker.script import script_of
post = PostRow("a", "", True, MOMENTS[0], 1, None, ())
rows = Rows((post, post), (CommentRow(0, None, "hello", MOMENTS[1]),))
print(json.dumps({name: script_of('a "title"', sources, rows) for name, sources in json.load(sys.stdin).items()}))
"""
SOURCES = {
    "queryset": ("Post.objects.filter(views=1).count()", "await Post.objects.filter(views=1).acount()"),
    "related": (
        "row1 = Post.objects.get(pk=10000000)\nrow1.comments.create(content='é')",
        "row1 = Post.objects.get(pk=10000000)\nawait row1.comments.acreate(content='é')",
    ),
    "iteration": (
        "list(Post.objects.filter(Q(title='a') & ~Q(views=2)).annotate(n=Count('tags')).values_list('title', 'n'))",
        (
            "[row async for row in"
            " Post.objects.filter(Q(title='a') & ~Q(views=2)).annotate(n=Count('tags')).values_list('title', 'n')]"
        ),
    ),
    "too much": ("Specimen.objects.count()", "await Specimen.objects.acount()"),
    "newer": ("Seat.objects.count()", "await Seat.objects.acount()"),
    "raising": ("Post.objects.get(title='nobody')", "await Post.objects.aget(title='nobody')"),
}


@pytest.fixture(scope="module")
def scripts() -> dict[str, str]:
    """The program of each pair of sources."""
    environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "sample_app.settings.sqlite"}
    command = [sys.executable, "-c", MAKE]
    done = subprocess.run(
        command, input=json.dumps(SOURCES), env=environ, stdout=subprocess.PIPE, text=True, check=True
    )
    made: dict[str, str] = json.loads(done.stdout)
    return made


def run(script: str, folder: Path) -> list[str]:
    """What the program prints, run as its reader would, without the suite on the path."""
    (folder / "shown.py").write_text(script, "utf-8")
    command = [sys.executable, "-I", "-W", "ignore", "shown.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("name", [name for name in SOURCES if name not in ("too much", "newer")])
def test_both_sides_are_shown(scripts, name, tmp_path):
    """The program runs with Django alone, is short, and shows what each side gives and leaves."""
    script = scripts[name]
    assert script.count("\n") <= MOST_LINES
    assert "conformance" not in script
    sync, rows, asynchronous, rows_after = run(script, tmp_path)
    # The second side's new row has the next key.
    given = [re.sub(r"\d{8,}", "KEY", side.partition(":")[2].strip()) for side in (sync, asynchronous)]
    assert given[0] == given[1]
    assert rows.partition(", datetime")[0] == rows_after.partition(", datetime")[0]


def test_what_is_too_much_has_no_program(scripts):
    """Models that would not fit into forty lines are not shown in part."""
    assert scripts["too much"] == scripts["newer"] == ""


@pytest.fixture
def results(tmp_path, monkeypatch) -> Path:
    """Results with a failure that has a program, and one that has none."""
    monkeypatch.chdir(tmp_path)
    told = [
        Measured(Cell("queryset.acount", "result"), "silent", failure=Failure("wrong", script="print('shown')\n")),
        Measured(Cell("queryset.acount", "statements"), "fail", failure=Failure("wrong", reproduce="run it again")),
        Measured(Cell("queryset.acount", "signals"), "pass"),
    ]
    run = synthetic.results(dict.fromkeys((each.cell for each in told), "pass"))
    path = tmp_path / "conformance-results" / "part.jsonl"
    path.parent.mkdir()
    write_results(replace(run, cells=tuple(told)), path)
    return path


def test_repro_prints_the_program(results, capsys):
    """From the default folder, ready to be redirected into a file."""
    assert main(["repro", "queryset.acount:result"]) == 0
    assert capsys.readouterr().out == "print('shown')\n"


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("queryset.acount:statements", "There is no such program for queryset.acount:statements"),
        ("queryset.acount:signals", "These results have no failure of queryset.acount:signals"),
        ("queryset.acount", "'queryset.acount' is not a cell"),
        ("queryset.acuont:result", "There is no entry called 'queryset.acuont'"),
    ],
)
def test_repro_says_why_it_has_nothing_to_print(results, capsys, cell, message):
    """Usage: the exit code is 64, and the remedy is named."""
    assert main(["repro", cell]) == 64
    told = capsys.readouterr().err
    assert message in told
    assert "`" in told
