"""What the installed Django has that the catalogue does not answer for."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping

from conformance.case import ExitCode, SuiteError
from conformance.catalogue import Catalogue
from conformance.surface import load_answers, unanswered


def unanswered_names(python: str, settings: str, environ: Mapping[str, str], catalogue: Catalogue) -> list[str]:
    """Public asynchronous names without an entry, and without a reason for having none.

    Raises `SuiteError` (setup) where Django cannot be asked.
    """
    command = [python, "-W", "ignore", "-m", "conformance.surface"]
    asked = subprocess.run(
        command,
        env={**environ, "DJANGO_SETTINGS_MODULE": settings},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode != 0:
        raise SuiteError(
            f"Django cannot be asked for its names: {asked.stderr.strip().splitlines()[-1:] or asked.returncode}.",
            "Check the settings module.",
            ExitCode.HARNESS,
        )
    names: list[str] = json.loads(asked.stdout)
    return unanswered(names, load_answers(), {entry.id for entry in catalogue.entries})
