"""A function called in a forked process: what it gives, raises, prints or does to its process stays there."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from conformance.worker.proof.forks import in_child
from tests.conformance.commands import is_gone

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork"),
    # Threads of the test run; the process that forks in earnest has none.
    pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning"),
]


def test_what_it_gives_comes_back():
    """As JSON has it, however long it is."""
    assert in_child(lambda: {"text": "é" * 100_000, "pid": os.getpid()}, 30)["text"] == "é" * 100_000


def test_what_it_changes_stays_there():
    """A defect that is planted in the child is not in this process."""
    before = os.environ.copy()
    assert in_child(lambda: {"set": os.environ.setdefault("PLANTED", "yes")}, 30) == {"set": "yes"}
    assert os.environ == before


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (lambda: 1 / 0, "error"),
        (lambda: sys.exit(3), "error"),
        (lambda: os._exit(3), "crash"),
        (lambda: {"not JSON": object()}, "crash"),
    ],
)
def test_a_failure_is_told(function, kind):
    """Whatever ends it."""
    assert in_child(function, 30)["kind"] == kind


def test_what_does_not_end_is_ended():
    """And is gone then."""
    read, write = os.pipe()

    def hang() -> dict[str, str]:
        os.write(write, f"{os.getpid()}\n".encode())
        threading.Event().wait()
        return {}

    found = in_child(hang, 0.2)
    assert found == {"broken": "no answer within 0 s", "kind": "timeout"}
    os.close(write)
    with os.fdopen(read) as pids:
        assert is_gone(int(pids.read() or os.getpid() + 4_000_000))
