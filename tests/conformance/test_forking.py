"""A forked process is one of its own: what tests rely on when they fork instead of starting an interpreter."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.shared.forking import Nursery

PROBE = """
import os, signal, sys
print(os.getcwd(), os.environ.get("GIVEN"), "HOME" in os.environ, sys.argv[1:], sys.path[0], __name__)
print("said", file=sys.stderr)
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
{}
"""


@pytest.fixture
def probe(tmp_path: Path):
    """Write a module that tells of its process, and then does something."""

    def write(text: str = "") -> Path:
        (tmp_path / "probe.py").write_text(PROBE.format(text))
        return tmp_path

    return write


def test_it_has_its_own_folder_environment_and_arguments(workers: Nursery, probe) -> None:
    """It is `__main__`, sees the variables that it was given and no others, and its streams are its own."""
    folder = probe("sys.exit(7)")
    ended = workers.run(["-m", "probe", "a", "b"], cwd=folder, env={"GIVEN": "x"}, timeout=60)
    assert ended.stdout == f"{folder} x False ['a', 'b'] {folder} __main__\n"
    assert (ended.stderr, ended.returncode) == ("said\n", 7)


def test_its_state_is_no_other_ones(workers: Nursery, probe) -> None:
    """What one process sets in a module that both have, the next does not see."""
    folder = probe("import json; print(hasattr(json, 'planted')); json.planted = True")
    for _ in range(2):
        assert workers.run(["-mprobe"], cwd=folder, env={}, timeout=60).stdout.endswith("False\n")


def test_it_may_end_by_a_signal_while_another_runs(workers: Nursery, probe) -> None:
    """The exit code is Popen's, of each its own, and who has not ended has none."""
    folder = probe("print('waits', flush=True); sys.stdin.readline()")
    first, second = (
        workers.start(["-u", "-m", "probe"], cwd=folder, env={}, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(2)
    )
    for process in (first, second):
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(2)][1] == "waits\n"
    first.send_signal(signal.SIGKILL)
    assert first.wait(60) == -signal.SIGKILL
    assert second.poll() is None
    for process in (first, second):
        assert process.stdin is not None
        process.stdin.close()
    assert first.communicate(60) == ("", "")
    assert second.communicate(60) == ("", "")
    assert (second.returncode, first.pid != second.pid) == (0, True)


def test_one_that_takes_too_long_is_killed(workers: Nursery, probe) -> None:
    """The time-out is `subprocess`'s, and nothing goes on behind it."""
    folder = probe("open('pid', 'w').write(str(os.getpid())); signal.pause()")
    with pytest.raises(subprocess.TimeoutExpired):
        workers.run(["-m", "probe"], cwd=folder, env=dict(os.environ), timeout=1)
