"""A matrix as a CI runs it: planned, measured in parts, merged and judged, against the same on one machine."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from conformance.cli import main
from tests.conformance.built import SERIES
from tests.conformance.commands import conform

NAMES = ("queryset.acount", "queryset.aexists", "queryset.aget", "queryset.aiter", "queryset.aiter.early_stop")
ONLY = [word for name in (*NAMES, "manager.acount", "cache.aget") for word in ("--only", name)]
CHOICE = ["--django", SERIES[-1], "--database", "sqlite"]
SAMPLING = ["--profile", "smoke", *ONLY]


def content(folder: Path) -> dict[str, list[str]]:
    """Every file, without how long each cell took, and without what one machine knows a column by."""
    found = {}
    for path in sorted(path for path in folder.iterdir() if path.suffix in (".json", ".jsonl")):
        text = path.read_text()
        lines = [json.loads(line) for line in text.splitlines()] if path.suffix == ".jsonl" else [json.loads(text)]
        for record in lines:
            # They say how long it took, and the checksum is of that too; a column's, whether it may be reused.
            for name in ("duration_ms", "sha256"):
                record.pop(name, None)
            for column in record.get("columns", ()):
                column.update(inputs="", output="")
        found[path.name] = [json.dumps(record) for record in lines]
    return found


def test_parts_are_the_same_bytes_as_one_machine(
    environments: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each part is measured by the arguments that the plan gives it; merged, only durations differ."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CI", "true")
    where = ["--environments", str(environments), "--workers", "1"]
    assert main(["plan", *CHOICE, *SAMPLING, "--shards", "8", "--format", "json"]) == 0
    Path("plan.json").write_text(capsys.readouterr().out)
    parts = json.loads(Path("plan.json").read_text())["parts"]
    assert len(parts) == 8
    for part in parts:
        arguments = [*shlex.split(part["arguments"]), *where, "--results", f"parts/{part['name']}"]
        # More parts than groups of entries: some have nothing to do, and say so.
        assert main(["matrix", *arguments]) == 0, capsys.readouterr()
    assert main(["matrix", *CHOICE, *SAMPLING, *where, "--results", "one"]) == 0
    folders = [str(path) for path in Path("parts").iterdir()]
    for sources, output in ((folders, "merged"), (["one"], "alone")):
        ended = conform("merge", "--plan", "plan.json", "-o", output, *sources, cwd=tmp_path)
        assert (ended.returncode, ended.stderr) == (0, "")
    assert content(Path("merged")) == content(Path("alone")) == content(Path("one"))
    gates = [conform("gate", folder, cwd=tmp_path) for folder in ("merged", "alone", "one")]
    assert len({(ended.returncode, ended.stdout) for ended in gates}) == 1
    lost = conform("merge", "--plan", "plan.json", "-o", "less", *folders[1:], cwd=tmp_path)
    assert lost.returncode == 12
    assert "is missing" in lost.stderr
