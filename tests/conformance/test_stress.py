"""`stress`: verdicts that are the same with every seed, and one that is not."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.commands import MISBEHAVING, SYNTHETIC, cells_in, conform, environ, finish, start, wait_until


def stress(folder: Path, *arguments: str) -> Any:
    """Measure cells of the synthetic catalogue."""
    return conform("stress", *arguments, "--profile", "smoke", *SYNTHETIC, cwd=folder)


@pytest.mark.usefixtures("forked")
def test_verdicts_that_do_not_differ(tmp_path: Path) -> None:
    """0, also for what is always wrong: whether it conforms is the gate's to say; a second call measures nothing."""
    command = ["synthetic.passes", "synthetic.fails", "--times", "3", "--seed", "5"]
    ended = stress(tmp_path, *command)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "synthetic.passes:result: pass 3 of 3\nsynthetic.fails:result: fail 3 of 3\n"
    assert ended.stderr.splitlines()[-1].endswith("measured (3 of 3)")
    folders = sorted(path.name for path in (tmp_path / "conformance-results/stress").iterdir())
    assert folders == ["seed-5", "seed-6", "seed-7"]
    again = stress(tmp_path, *command)
    assert (again.returncode, again.stdout) == (0, ended.stdout)
    assert all(cells_in(tmp_path / "conformance-results/stress" / name) == 2 for name in folders)


# Wrong in the third process that measures it, and in no other.
_CHECK = """\
from pathlib import Path
from hypothesis import strategies
from conformance.checks import Wrong
from conformance.checks.registry import register
number = len(Path("count").read_text()) if Path("count").exists() else 0
Path("count").write_text("x" * (number + 1))

@register("synthetic.third", "result", strategies.integers(0, 3))
def third(stage, example):
    if number == 2:
        raise Wrong("the third is wrong", expected=1, observed=2)
"""


@pytest.mark.usefixtures("forked")
def test_a_verdict_that_differs_is_named_with_its_seeds(tmp_path: Path) -> None:
    """14, with the seeds, what was said and the command that shows it again."""
    (tmp_path / "third_checks.py").write_text(_CHECK)
    (tmp_path / "catalogue").mkdir()
    entry = (MISBEHAVING / "catalogue/synthetic.toml").read_text().split("[[entry]]")[1]
    (tmp_path / "catalogue/third.toml").write_text("[[entry]]" + entry.replace("passes", "third"))
    path = os.pathsep.join((environ()["PYTHONPATH"], str(tmp_path)))
    command = ["stress", "synthetic.third", "--times", "4", "--workers", "1", "--profile", "smoke"]
    own = ["--catalogue", "catalogue", "--checks", "third_checks"]
    ended = conform(*command, *own, cwd=tmp_path, PYTHONPATH=path)
    assert ended.returncode == 14, ended.stdout + ended.stderr
    *lines, again = ended.stdout.splitlines()
    assert lines == [
        "synthetic.third:result: pass 3 of 4, fail 1 of 4",
        "  fail with the seeds 2",
        "    the third is wrong",
    ]
    assert again.startswith("    again: async-orm-conformance run --settings sample_app.settings.sqlite --only synth")
    assert "--seed 2" in again


def test_an_interruption_keeps_what_was_measured(tmp_path: Path) -> None:
    """12, and what is known by then."""
    command = ["stress", "synthetic.passes", "synthetic.waits", "--times", "2", "--workers", "1", *SYNTHETIC]
    process = start(*command, cwd=tmp_path, MISBEHAVE_WAIT=str(tmp_path / "waiting"))
    kept = tmp_path / "conformance-results/stress/seed-0"
    wait_until(lambda: kept.is_dir() and cells_in(kept) > 0, "the first cell is measured")
    wait_until((tmp_path / "waiting").exists, "the second one waits")
    process.send_signal(signal.SIGINT)
    output = finish(process)
    assert process.returncode == 12, output
    assert "interrupted: what was measured is kept" in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (["synthetic.gone_away"], 64, "There is no entry, area or check called 'synthetic.gone_away'."),
        (["synthetic.passes", "--times", "1"], 64, "1 is not in the range x>=2"),
        ([], 64, "Missing argument 'ID...'"),
        (["synthetic.passes", "--times", "2", "--settings", "no.such"], 13, "Nothing was measured: ModuleNotFound"),
    ],
)
def test_what_cannot_be_measured(arguments: list[str], code: int, error: str, tmp_path: Path) -> None:
    """The code, and what is wrong."""
    ended = stress(tmp_path, *arguments)
    assert ended.returncode == code, ended.stdout + ended.stderr
    assert error in ended.stderr
