"""Programs that are made of the suite's own functions run without the suite, and show what the suite sees."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from typing import Any

import pytest
from packaging.version import Version

from conformance.checks import standalone
from conformance.checks.lookup import registered_experiments
from conformance.checks.registry import experiment_for
from conformance.checks.subjects.asgiref_threads import Calls

# The smallest example of each entry; of the others the first variant is no argument.
SHOWN = {
    "asgiref.attributes": Calls(1, "sync_to_async"),
    "asgiref.callables": Calls(2, "method, with options"),
    "asgiref.cancelled_through.nested": Calls(3, "cancelled"),
    "asgiref.context_variables.values.incomparable": Calls(1, "both"),
    "asgiref.freed": Calls(2, "task of a call that raises"),
    "asgiref.keywords": Calls(4, "async_to_sync"),
    "asgiref.made_elsewhere": Calls(1, "a stopped loop"),
    "asgiref.sync_to_async.cancelled.when_over": Calls(3, "gives"),
    "asgiref.thread_sensitive_context.left": Calls(1, "plain"),
}


def _program(entry: str) -> str:
    assert entry in registered_experiments()
    experiment = experiment_for(entry)
    assert experiment is not None
    assert experiment.program is not None
    return experiment.program(f"{entry}: a title", SHOWN[entry])


@pytest.mark.parametrize("entry", sorted(SHOWN))
def test_a_program_shows_what_is_expected(entry: str) -> None:
    """Without the suite on the path, in at most forty lines, it prints what is expected and sees just that."""
    if entry == "asgiref.context_variables.values.incomparable" and Version(version("asgiref")) < Version("3.13"):
        pytest.skip("asgiref 3.13 began to compare nothing")
    text = _program(entry)
    assert 0 < text.count("\n") <= standalone.MOST_LINES
    assert "conformance." not in text
    run = subprocess.run([sys.executable, "-I", "-c", text], capture_output=True, text=True, check=False, timeout=60)
    expected, observed = run.stdout.splitlines()
    assert expected.removeprefix("expected: ").removeprefix("observed: ") == observed.removeprefix("observed: ")


def test_a_program_that_is_too_long_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather none than one that is cut off."""
    monkeypatch.setattr(standalone, "MOST_LINES", 5)
    assert _program("asgiref.freed") == ""


async def _given(example: Any) -> Any:
    """Uses a name of this module, and one of another."""
    return example.number, SHOWN


def test_a_program_has_what_its_function_uses() -> None:
    """Definitions that it needs, imports by the names that are used, no docstring."""
    text = standalone.program_of("a title", _given, "number=1")
    assert "SHOWN = {" in text
    assert "class Calls" in text
    assert "Uses a name" not in text
    assert "import subprocess" not in text
