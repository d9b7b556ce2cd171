"""A planned matrix as a pipeline of GitLab: its YAML, of which JSON is a part."""

from __future__ import annotations

import json
import shlex
from typing import Any

from conformance.case import ExitCode
from conformance.matrix import Part, Plan

_FOLDER = "conformance-results"
_JUNIT = f"{_FOLDER}/junit.xml"
_SERVERS = {
    "postgresql": {"name": "postgres:17", "alias": "postgres", "variables": {"POSTGRES_HOST_AUTH_METHOD": "trust"}},
    "mariadb": {"name": "mariadb:11.8", "alias": "mariadb", "variables": {"MARIADB_ALLOW_EMPTY_ROOT_PASSWORD": "1"}},
}
# The servers by the names that GitLab gives them; with CI set, one that does not answer is an error.
_VARIABLES = {"CI": "true", "PGHOST": "postgres", "MYSQL_HOST": "mariadb"}


def gitlab_pipeline(plan: Plan, expectations: str | None) -> dict[str, Any]:
    """A job for each part, then one that merges and judges."""
    return {
        "stages": ["build", "test"],
        **{part.name: _job(part) for part in plan.parts},
        "gate": {
            "stage": "test",
            "image": "python:3.13",
            "when": "always",
            "script": _judging(plan, ["--expectations", expectations] if expectations else []),
            "artifacts": {
                "when": "always",
                "paths": [_FOLDER],
                "reports": {"junit": _JUNIT},
            },
        },
    }


def _judging(plan: Plan, known: list[str]) -> list[str]:
    """Where a part is missing (12), what came is shown and judged all the same, and the job is red."""
    junit = ["report", "--format", "junit", "--output", _JUNIT]
    return [
        "pip install -q async-orm-conformance",
        f"printf %s {shlex.quote(json.dumps(plan.as_dict()))} > plan.json",
        f"merged=0; async-orm-conformance merge --plan plan.json -o {_FOLDER} parts/* || merged=$?",
        f'if [ "$merged" -ne 0 ] && [ "$merged" -ne {ExitCode.INCOMPLETE.value} ]; then exit "$merged"; fi',
        f"async-orm-conformance report {_FOLDER}",
        f"async-orm-conformance {shlex.join([*junit, *known, _FOLDER])}",
        f"async-orm-conformance {shlex.join(['gate', *known, _FOLDER])}",
        'exit "$merged"',
    ]


def _job(part: Part) -> dict[str, Any]:
    server = _SERVERS.get(part.vendor)
    return {
        "stage": "build",
        "image": f"python:{part.python}",
        "variables": _VARIABLES,
        **({"services": [server]} if server else {}),
        "script": [
            "pip install -q async-orm-conformance uv",
            f"async-orm-conformance matrix {part.arguments} --results parts/{part.name}",
        ],
        "artifacts": {"when": "always", "paths": [f"parts/{part.name}"]},
    }
