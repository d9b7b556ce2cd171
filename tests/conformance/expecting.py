"""What the tests of `expect` share: results and rules of the synthetic catalogue, in the working folder."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from conformance.case import Cell
from conformance.cli import main
from conformance.environment import Environment
from conformance.results import Results, file_name, write_results
from tests.conformance.synthetic import POSTGRESQL, catalogue, results

TODAY = datetime.now(timezone.utc).date()
MARIADB = replace(POSTGRESQL, vendor="mariadb", driver="PyMySQL")


def measured(verdicts: dict[Cell, str | list[str]], environment: Environment = POSTGRESQL, **more: Any) -> Results:
    """Write results of the synthetic catalogue to the default folder."""
    written = results(verdicts, digest=catalogue(Path()).hash, environment=environment, **more)
    write_results(written, Path("conformance-results") / file_name(environment))
    return written


def conform(*arguments: str) -> int:
    """A command on the synthetic catalogue."""
    return main([*arguments, "--catalogue", "catalogue"])


def gate() -> int:
    """Judge with the file that was written."""
    return conform("gate", "--expectations", "expectations.toml")


def gate_without() -> int:
    """Judge without expectations."""
    return conform("gate")


RULE = """
# Why we live with {match}.
[[expect]]
match = "{match}"{more}
outcome = "{outcome}"  # seen since 2026
class = "bug"
reason = "r"
issue = "#1"
"""


def rule(match: str, outcome: str = "fail", more: str = "") -> str:
    """An expectation with comments."""
    return RULE.format(match=match, outcome=outcome, more=f"\n{more}" if more else "")


def write(*rules: str) -> None:
    """A file of expectations with a comment at its top."""
    Path("expectations.toml").write_text("# Ours: ask Joan.\n" + "".join(rules))
