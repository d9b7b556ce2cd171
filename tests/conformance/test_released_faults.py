"""Faults of releases are found again, on the releases themselves: a few of `docs/releases.json`, measured."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.commands import REPOSITORY, conform

pytestmark = pytest.mark.skipif(
    "ASYNC_ORM_RELEASES" not in os.environ,
    reason="releases are installed and measured every night: ASYNC_ORM_RELEASES=1 does it now",
)
# One for each way in which a release is installed, with cells that cost little.
MEASURED = (
    ("django", "5.2.12", "http.request:result"),
    ("django", "6.0.3", "auth.alogin.user_known:model"),
    ("asgiref", "3.8.1", "asgiref.keywords:model"),
)


def _pair(package: str, wrong: str, cell: str) -> dict[str, Any]:
    pairs = json.loads((REPOSITORY / "docs/releases.json").read_text("utf-8"))["pairs"]
    (found,) = (each for each in pairs if (each["package"], each["wrong"], each["cell"]) == (package, wrong, cell))
    result: dict[str, Any] = found
    return result


@pytest.mark.parametrize(("package", "wrong", "cell"), MEASURED)
def test_a_fault_is_in_the_release_and_not_in_the_next(tmp_path: Path, package: str, wrong: str, cell: str) -> None:
    """The verdict of the document, and then a pass."""
    pair = _pair(package, wrong, cell)
    releases = [f"--release={pair[name]}" for name in ("wrong", "right")]
    fixed = [f"--django={pair['django']}"] if package == "asgiref" else []
    options = ["--package", package, *fixed, *releases, "--profile", pair["profile"], "--format", "json"]
    run = conform("history", cell, *options, "--workers", "1", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert _verdicts(json.loads(run.stdout), cell) == [pair["was"], "pass"]


def _verdicts(document: list[dict[str, Any]], cell: str) -> list[str]:
    check = cell.partition(":")[2]
    (entry,) = document
    ranges = entry["checks"].get(check) or entry["ranges"]
    return [str(each["verdict"]) for each in ranges]
