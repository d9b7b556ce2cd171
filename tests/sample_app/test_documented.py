"""What README and docs say is enough to run the sample app is enough."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from django.db import connection

ROOT = Path(__file__).parents[2]
DOCUMENTED = re.search(r"^```shell\n(.+)\n(.+)\n```$", (ROOT / "docs/sample_app.md").read_text("utf-8"), re.MULTILINE)


def test_the_readme_says_what_the_page_says() -> None:
    """One command before uvicorn, the same in both."""
    assert DOCUMENTED is not None
    assert " && ".join(DOCUMENTED.groups()) in (ROOT / "README.md").read_text("utf-8")


def test_uvicorn_serves_after_the_documented_command(tmp_path: Path) -> None:
    """In an empty directory, without any setting."""
    if connection.vendor != "sqlite":
        pytest.skip("what is documented is SQLite")
    assert DOCUMENTED is not None
    seed, serve = (shlex.split(command) for command in DOCUMENTED.groups())
    kept = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    environment = {name: value for name, value in kept.items() if not name.startswith("SAMPLE_APP_")}
    subprocess.run([sys.executable, *seed[1:]], cwd=tmp_path, env=environment, check=True, capture_output=True)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = subprocess.Popen(
            [sys.executable, "-m", *serve, "--fd", str(listener.fileno())],
            cwd=tmp_path,
            env=environment,
            pass_fds=[listener.fileno()],
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        try:
            answer = httpx.get(f"http://127.0.0.1:{listener.getsockname()[1]}/posts/?limit=1000", timeout=60)
        finally:
            process.terminate()
            process.wait(20)
    assert len(answer.json()["posts"]) == 100
