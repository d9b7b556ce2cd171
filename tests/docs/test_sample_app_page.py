"""What the page about the sample app says is enough to run it is enough."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

import pytest

import sample_app
from tests.docs.pages import SAMPLE_APP, blocks
from tests.docs.reader import Reader

SECONDS = 60
INSTALL, SERVE = (block.rstrip("\n") for block in blocks(SAMPLE_APP, "shell")[:2])


def test_uvicorn_serves_after_the_documented_commands(reader: Reader) -> None:
    """In an empty folder, without any setting, what the page installs serves the posts that its command made."""
    reader.install(INSTALL)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    # The page's port may be in use here.
    environ = {**reader.environ, "UVICORN_PORT": str(port)}
    server = subprocess.Popen(
        ["bash", "-c", SERVE],
        cwd=reader.home,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        said = []
        assert server.stderr is not None
        for line in server.stderr:
            said.append(line)
            if "Uvicorn running on" in line:
                break
        else:
            pytest.fail("".join(said))
        assert len(answer(f"http://127.0.0.1:{port}/posts/?limit=1000")["posts"]) == 100
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.communicate(timeout=20)


def answer(address: str) -> Any:
    """The JSON of an address."""
    with urllib.request.urlopen(address, timeout=SECONDS) as found:
        return json.load(found)


def test_every_path_is_listed() -> None:
    """The table has a row for each of the project's paths."""
    listed = set(re.findall(r"^\| `/(\S*)` \|", SAMPLE_APP.read_text("utf-8"), re.MULTILINE))
    # Read, not imported: these tests have no settings.
    source = Path(str(sample_app.__file__)).with_name("urls.py").read_text("utf-8")
    assert listed == {re.sub(r"<[^>]+>", "KEY", path) for path in re.findall(r'\bpath\("(.*?)"', source)}
