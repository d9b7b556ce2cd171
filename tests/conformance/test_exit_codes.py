"""Every exit code through the real command line: a process of its own, from files to what a shell sees."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.case import ExitCode
from conformance.results import file_name, write_results
from tests.conformance.commands import conform_apart
from tests.conformance.synthetic import COUNT, POSTGRESQL, SQL, catalogue, results

RULE = '[[expect]]\nmatch = "{}"\noutcome = "fail"\nclass = "bug"\nreason = "r"\nissue = "#1"\n'
GATE = ("gate", "--catalogue", "catalogue")
RESULT = Path("conformance-results", file_name(POSTGRESQL))


def wrote(folder: Path, *verdicts: str, planned: bool = True, rule: str = "") -> None:
    """Results of one cell, and an expectation of another or of the same."""
    cells = {COUNT: [*verdicts]}
    plan = (COUNT,) if planned else (COUNT, SQL)
    write_results(results(cells, digest=catalogue(folder).hash, planned=plan), folder / RESULT)  # type: ignore[arg-type]
    if rule:
        (folder / "e.toml").write_text(RULE.format(rule), "utf-8")


def changed(folder: Path) -> None:
    """Results of which a verdict was made better by hand."""
    wrote(folder, "silent")
    path = folder / RESULT
    path.write_text(path.read_text("utf-8").replace('"silent"', '"pass"'), "utf-8")


@pytest.mark.parametrize(
    ("code", "prepare", "arguments", "says"),
    [
        (0, lambda folder: wrote(folder, "pass"), GATE, "exit 0 (conforms)"),
        (10, lambda folder: wrote(folder, "silent"), GATE, "exit 10 (regression)"),
        (
            11,
            lambda folder: wrote(folder, "pass", rule="queryset.acount"),
            (*GATE, "--expectations", "e.toml"),
            "exit 11 (stale or unmatched expectation)",
        ),
        (12, lambda folder: wrote(folder, "pass", planned=False), GATE, "exit 12 (incomplete)"),
        (13, lambda folder: wrote(folder, "harness_error"), GATE, "exit 13 (setup or harness error)"),
        (14, lambda folder: wrote(folder, "pass", "fail"), GATE, "exit 14 (unregistered flake)"),
        (64, lambda folder: None, ("gate", "--nothing"), "No such option"),
        (65, changed, GATE, "was changed after it was written"),
        (65, changed, ("merge", "-o", "out", "conformance-results"), "was changed after it was written"),
        (
            12,
            lambda folder: wrote(folder, "silent", planned=False, rule="queryset.gone"),
            (*GATE, "--expectations", "e.toml"),
            "exit 12 (incomplete), also 10 (regression), also 11 (stale or unmatched expectation)",
        ),
    ],
)
def test_a_shell_sees_the_code(
    code: int, prepare: Callable[[Path], None], arguments: tuple[str, ...], says: str, tmp_path: Path
) -> None:
    """And the last line says it in words, or the error does; if several apply, the weightiest is the code."""
    prepare(tmp_path)
    ended = conform_apart(*arguments, cwd=tmp_path)
    said = ended.stdout + ended.stderr
    assert ended.returncode == code, said
    assert says in said
    assert "Traceback" not in said


def test_every_code_is_seen() -> None:
    """None is left out above."""
    (mark,) = test_a_shell_sees_the_code.pytestmark  # type: ignore[attr-defined]
    assert {case[0] for case in mark.args[1]} == {code.value for code in ExitCode}
