"""Loops that run on a thread while the thread's present code does not stand on them.

With Playwright's sync API a loop runs in one greenlet and the test in another, under gevent each thread is a greenlet:
`get_running_loop` tells of the loop all the same. Django then refuses the sync ORM to code that blocks no coroutine,
and asgiref keeps its connection apart from that which it had before. Where it is certain that code does not stand on
the loop, neither of them sees it. What stands on the loop's own stack, a coroutine or a callback, is refused as in
production.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from types import FrameType, SimpleNamespace
from typing import Any

from pytest_async_orm.patches import targets
from pytest_async_orm.patches.process import PROCESS

# What runs a loop written in Python, asyncio's own or a patched one. Others, such as uvloop's, have no frames.
_RUNS = frozenset({"run_forever", "_run_once"})


def install_if_needed() -> None:
    """Let Django's guard and asgiref's storage ask whose stack they stand on, if this process has stacks beside its
    threads'.
    """
    if _has_other_stacks():
        PROCESS.patches.install(targets.ASK_FOR_LOOP, _asking)
        if "asyncio" in vars(targets.ASK_WHERE_TO_KEEP.find_owner()):
            PROCESS.patches.install(targets.ASK_WHERE_TO_KEEP, _seen_by_storage)


def _has_other_stacks() -> bool:
    return "greenlet" in sys.modules


def stands_on(loop: Any, frame: FrameType | None) -> bool:
    """Whether a stack, from a frame outwards, is the one that runs a loop. In doubt it is."""
    if not isinstance(loop, asyncio.BaseEventLoop) or not _has_other_stacks():
        return True
    while frame is not None:
        if frame.f_code.co_name in _RUNS:
            return True
        frame = frame.f_back
    return False


class _Asyncio(SimpleNamespace):
    """The module asyncio, as asgiref's storage sees it. What is read here comes before what is copied from there."""

    def __init__(self, original: Any) -> None:
        super().__init__()
        self._ask = _asking(original.get_running_loop)

    @property
    def get_running_loop(self) -> Callable[[], Any]:
        """The loop that the caller stands on."""
        return self._ask


def _seen_by_storage(original: Any) -> Any:
    return _Asyncio(original)


def _asking(original: Callable[..., Any]) -> Callable[..., Any]:
    def get_running_loop() -> Any:
        loop = original()
        if not stands_on(loop, sys._getframe(1)):
            raise RuntimeError("no running event loop on this stack")
        return loop

    return get_running_loop
