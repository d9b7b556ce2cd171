"""The clock that goes on while a test freezes time.

freezegun replaces `time.monotonic` and its like in every module that has one of them by name, so they are attributes of
an object here, which it does not look into. Where it was there before the plugin, `time` is made once more: a built-in
module that is loaded a second time has its own functions. time-machine (seen: 3.6) leaves `monotonic` and
`perf_counter` alone and moves `time` for everybody, so the seconds since the epoch are counted from the import on.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import time as _time
from collections.abc import Callable
from types import BuiltinFunctionType, ModuleType
from typing import NamedTuple

_NAMES = ("monotonic", "perf_counter", "time")


class Clock(NamedTuple):
    """Three functions without arguments; each returns seconds."""

    monotonic: Callable[[], float]
    """Since an unknown moment; for time-outs."""
    perf_counter: Callable[[], float]
    """Since an unknown moment, as exact as the machine allows; for durations."""
    time: Callable[[], float]
    """Since the epoch."""


def real_clock() -> Clock:
    """The clock of the machine, also while somebody has replaced the functions of `time`."""
    found = [getattr(_time, name) for name in _NAMES]
    if not all(isinstance(function, BuiltinFunctionType) for function in found):
        module = _loaded_again()
        found = [getattr(module, name) for name in _NAMES]
    monotonic, perf_counter, now = found
    epoch = now() - perf_counter()
    return Clock(monotonic, perf_counter, lambda: epoch + perf_counter())


def _loaded_again() -> ModuleType:
    """A second `time`, which is not put in the place of the first."""
    spec = importlib.util.spec_from_loader("time", importlib.machinery.BuiltinImporter)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    importlib.machinery.BuiltinImporter.exec_module(module)
    return module


REAL = real_clock()
