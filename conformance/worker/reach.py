"""Which entries call which asynchronous names: seen by Python's profiler, not said by anybody."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

from conformance.case import Cell
from conformance.worker.cells import CellSequence

Calls = set[str]


def reached(
    names: Mapping[str, Callable[..., Any]], entries: Mapping[str, Iterable[Cell]], sequence: CellSequence
) -> dict[str, tuple[str, ...]]:
    """For each name the entries that call it while their cells are measured."""
    found: dict[str, list[str]] = {name: [] for name in names}
    codes = _codes(names)
    for entry, cells in entries.items():
        with _profiling(codes) as calls:
            for cell in cells:
                sequence.measure(cell)
        for name in sorted(calls):
            found[name].append(entry)
    return {name: tuple(each) for name, each in found.items()}


def _codes(names: Mapping[str, Callable[..., Any]]) -> dict[tuple[CodeType, str | None], str]:
    """A manager's methods are one function, made many times: the variable that it closes on tells them apart."""
    codes: dict[tuple[CodeType, str | None], list[str]] = {}
    for name, function in names.items():
        code = getattr(function, "__code__", None)
        if code is not None:
            copied = name.rpartition(".")[2] if "name" in code.co_freevars else None
            codes.setdefault((code, copied), []).append(name)
    return {key: found[0] for key, found in codes.items()}


@contextmanager
def _profiling(codes: Mapping[tuple[CodeType, str | None], str]) -> Iterator[Calls]:
    calls: Calls = set()
    plain = {code for code, _ in codes}

    def profile(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code in plain:
            copied = frame.f_locals.get("name") if "name" in frame.f_code.co_freevars else None
            if name := codes.get((frame.f_code, copied)):
                calls.add(name)

    threading.setprofile(profile)
    sys.setprofile(profile)
    try:
        yield calls
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
