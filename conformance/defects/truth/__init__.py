"""Synthetic entries, one for each verdict, and what the runner and the gate must make of them."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from conformance.case import ExitCode

CHECKS = "conformance.defects.truth.checks"
# By the last part of the entry's id: its verdict, and the exit code of a gate that sees it alone.
TRUTHS: dict[str, tuple[str, ExitCode]] = {
    "passes": ("pass", ExitCode.CONFORMS),
    "vacuous": ("vacuous", ExitCode.HARNESS),
    "silent": ("silent", ExitCode.REGRESSION),
    "fails": ("fail", ExitCode.REGRESSION),
    "refuses": ("loud", ExitCode.CONFORMS),
    "absent": ("absent", ExitCode.CONFORMS),
    "flips": ("flaky 1/2", ExitCode.FLAKE),
    "breaks": ("harness_error", ExitCode.HARNESS),
    "hangs": ("timeout", ExitCode.HARNESS),
    "dies": ("crash", ExitCode.HARNESS),
    "lacks": ("n/a", ExitCode.CONFORMS),
    "depends": ("blocked", ExitCode.CONFORMS),
}


def truth_catalogue() -> Path:
    """The folder with their catalogue."""
    return Path(str(files("conformance.defects.truth"))) / "catalogue"
