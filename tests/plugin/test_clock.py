"""The plugin's clock is the machine's, whoever replaces the functions of `time`."""

from __future__ import annotations

import time
from types import BuiltinFunctionType

import pytest

from pytest_async_orm import clock


def frozen() -> float:
    return 0.0


def test_clock_that_was_frozen_before_the_plugin_came(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real functions are found behind replaced ones, which stay as they are."""
    real = time.monotonic
    for name in ("monotonic", "perf_counter", "time"):
        monkeypatch.setattr(time, name, frozen)
    found = clock.real_clock()
    assert isinstance(found.monotonic, BuiltinFunctionType)
    assert abs(found.monotonic() - real()) < 5
    assert found.time() > 1_700_000_000
    assert time.monotonic is frozen


def test_no_module_has_a_function_of_time_by_name() -> None:
    """Freezers replace what they find by name in modules: the plugin's own have none."""
    held = [name for name, value in vars(clock).items() if isinstance(value, BuiltinFunctionType)]
    assert held == []


def test_seconds_since_the_epoch() -> None:
    """They go on with the real clock."""
    assert abs(clock.REAL.time() - time.time()) < 5


@pytest.mark.planted
def test_clock_that_trusts_what_it_finds_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the second module the clock stands still."""
    monkeypatch.setattr(clock, "_loaded_again", lambda: time)
    with pytest.raises(AssertionError):
        test_clock_that_was_frozen_before_the_plugin_came(monkeypatch)
