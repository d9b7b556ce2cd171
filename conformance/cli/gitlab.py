"""A planned matrix as a pipeline of GitLab: its YAML, of which JSON is a part."""

from __future__ import annotations

import json
import shlex
from typing import Any

from conformance.matrix import Part, Plan

_FOLDER = "conformance-results"
_SERVERS = {
    "postgresql": {"name": "postgres:17", "alias": "postgres", "variables": {"POSTGRES_HOST_AUTH_METHOD": "trust"}},
    "mariadb": {"name": "mariadb:11.8", "alias": "mariadb", "variables": {"MARIADB_ALLOW_EMPTY_ROOT_PASSWORD": "1"}},
}
# The servers by the names that GitLab gives them; with CI set, one that does not answer is an error.
_VARIABLES = {"CI": "true", "PGHOST": "postgres", "MYSQL_HOST": "mariadb"}


def gitlab_pipeline(plan: Plan, expectations: str | None) -> dict[str, Any]:
    """A job for each part, then one that merges and judges."""
    judged = ["gate", *(["--expectations", expectations] if expectations else ()), _FOLDER]
    gate = {
        "stage": "test",
        "image": "python:3.13",
        "when": "always",
        "script": [
            "pip install -q async-orm-conformance",
            f"printf %s {shlex.quote(json.dumps(plan.as_dict()))} > plan.json",
            f"async-orm-conformance merge --plan plan.json -o {_FOLDER} parts/*",
            f"async-orm-conformance report {_FOLDER}",
            f"async-orm-conformance {shlex.join(judged)}",
        ],
        "artifacts": {"when": "always", "paths": [_FOLDER]},
    }
    return {"stages": ["build", "test"], **{part.name: _job(part) for part in plan.parts}, "gate": gate}


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
