"""Everything of the standard library and of asgiref that the plugin leans on is where it was seen."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import threading
from pathlib import Path

import pytest

from pytest_async_orm.patches import idle


def test_frames_of_asgirefs_threads() -> None:
    """The report names a thread's task by the locals of asgiref's frames."""
    from asgiref.sync import SyncToAsync

    parameters = inspect.signature(SyncToAsync.thread_handler).parameters
    assert {"source_task", "task_context"} & set(parameters), (
        "asgiref's SyncToAsync.thread_handler names its task in another way now: reports would lack it, see "
        "frames/stacks.py"
    )


def test_size_of_asgirefs_executor() -> None:
    """A replaced executor is told by the number of its workers."""
    from asgiref.sync import SyncToAsync

    assert getattr(SyncToAsync.single_thread_executor, "_max_workers", None) == 1, (
        "the size of SyncToAsync.single_thread_executor cannot be read any more: see hooks/environment.py"
    )


def test_frames_of_threads() -> None:
    """What a thread does is told by its frames."""
    assert hasattr(sys, "_current_frames"), "sys has no _current_frames any more: see patches/interpreter.py"
    assert hasattr(sys, "_getframe"), "sys has no _getframe any more: see frames/lines.py"


def test_question_for_a_loop() -> None:
    """Whether a loop runs is asked, without an exception, by a function that asyncio exports."""
    import asyncio

    assert callable(getattr(asyncio, "_get_running_loop", None)), (
        "asyncio has no _get_running_loop any more: see patches/interpreter.py"
    )


# Gone in Python 3.13, and in some releases of trio.
_OF_SOME_RELEASES = {"_wait_for_tstate_lock", "unrolled_run"}


@pytest.mark.parametrize(
    ("place", "tail", "names"),
    [(place, tail, names) for place, found in idle._PLACES.items() for tail, names in found.items()],
)
def test_places_of_waiting(place: str, tail: str, names: str) -> None:
    """What a thread waits for is told by the name and the file of a function: such as concurrent.futures' `_worker`,
    trio's `_work` and asyncio's `_run_once`.
    """
    module = tail[1 : -len(".py")].replace("/", ".")
    if importlib.util.find_spec(module.partition(".")[0]) is None:
        pytest.skip(f"{module} is not installed")
    spec = importlib.util.find_spec(module)
    assert spec is not None, f"{module} is gone: see patches/idle.py, {place}"
    assert spec.origin is not None
    text = Path(spec.origin).read_text("utf-8")
    for name in {*names.split()} - _OF_SOME_RELEASES:
        assert f"def {name}(" in text, f"{module} has no {name} any more: see patches/idle.py, {place}"


def test_threads_that_python_did_not_start() -> None:
    """Such a thread is told by the name of its class, `_DummyThread`."""
    assert hasattr(threading, "_DummyThread"), "threading has no _DummyThread any more: see frames/stacks.py"


@pytest.mark.parametrize("name", ["_asyncgen_firstiter_hook", "shutdown_asyncgens", "create_task"])
def test_hooks_of_the_loop(name: str) -> None:
    """asyncio's loop is told of async generators by these methods."""
    import asyncio

    assert callable(getattr(asyncio.BaseEventLoop, name, None)), (
        f"asyncio's loop has no {name} any more: see leaks/generators.py"
    )


def test_calls_of_asgiref() -> None:
    """asgiref's adapters are called by `__call__`, a coroutine function towards threads."""
    from asgiref.sync import AsyncToSync, SyncToAsync

    assert inspect.iscoroutinefunction(inspect.unwrap(vars(SyncToAsync)["__call__"])), (
        "asgiref's SyncToAsync is called in another way now: see frames/context.py"
    )
    assert callable(vars(AsyncToSync).get("__call__")), "asgiref's AsyncToSync is called in another way now"


def test_submit_of_executors() -> None:
    """Executors take calls by `submit(fn, ...)`, asgiref's of the current thread too."""
    from concurrent.futures import ThreadPoolExecutor

    from asgiref.current_thread_executor import CurrentThreadExecutor

    for executor in (ThreadPoolExecutor, CurrentThreadExecutor):
        parameters = list(inspect.signature(inspect.unwrap(executor.submit)).parameters)
        assert parameters[:2] == ["self", "fn"], f"{executor.__name__}.submit takes {parameters}: see frames/handoff.py"


def test_start_of_threads() -> None:
    """A thread is started by a method without arguments."""
    parameters = list(inspect.signature(inspect.unwrap(threading.Thread.start)).parameters)
    assert parameters == ["self"], f"Thread.start takes {parameters} now: see frames/handoff.py"


def test_hook_of_the_interpreter() -> None:
    """The interpreter tells of a coroutine that was never awaited by this function of `warnings`."""
    import warnings

    assert callable(getattr(warnings, "_warn_unawaited_coroutine", None)), (
        "warnings._warn_unawaited_coroutine is gone: leaks/coroutines.py would miss coroutines never awaited"
    )


def test_state_of_executors() -> None:
    """An executor that is shut down is told by a private attribute."""
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(1)
    assert getattr(pool, "_shutdown", None) is False
    pool.shutdown()
    assert getattr(pool, "_shutdown", None) is True, "ThreadPoolExecutor._shutdown is gone: see leaks/kinds.py"


def test_thread_handler_of_asgiref() -> None:
    """asgiref hands its own function to the executor, by which a call is told that carries its context by itself."""
    from asgiref.sync import SyncToAsync

    assert "self.thread_handler" in inspect.getsource(SyncToAsync), (
        "SyncToAsync runs another function in the thread now: see frames/context.py, calls would be noted twice"
    )


def test_waits_of_the_standard_library() -> None:
    """A wait that cannot end is told by these frames, locals and attributes; without them only a time-out is."""
    import asyncio
    from asyncio import base_events, tasks
    from concurrent import futures
    from concurrent.futures import thread as futures_thread

    from asgiref.current_thread_executor import CurrentThreadExecutor

    look = "has gone or changed its arguments: see patches/waits.py"
    for function, names in (
        (threading.Thread.join, ("self", "timeout")),
        (futures.Future.result, ("self", "timeout")),
        (futures.Future.exception, ("self", "timeout")),
        (futures.wait, ("fs", "timeout", "return_when")),
        (base_events.BaseEventLoop.run_until_complete, ("self", "future")),
        (CurrentThreadExecutor.run_until_future, ("self", "future")),
    ):
        assert inspect.getfullargspec(function).args == list(names), f"{function} {look}"
    assert "self.future" in inspect.getsource(futures_thread._WorkItem), f"_WorkItem {look}"
    assert hasattr(futures.Future(), "_done_callbacks"), f"Future._done_callbacks {look}"
    loop = asyncio.new_event_loop()
    loop.close()
    assert {"_ready", "_scheduled"} <= vars(loop).keys(), f"BaseEventLoop._ready {look}"
    assert {"_fut_waiter", "_callbacks"} <= {*dir(asyncio.Task)}, f"Task._fut_waiter {look}"
    gathered = tasks._GatheringFuture([], loop=loop)
    assert hasattr(gathered, "_children"), f"_GatheringFuture._children {look}"


def test_no_collection_while_frames_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The garbage collector does not run while CPython lists the frames of its threads, and is as before afterwards."""
    import gc

    from pytest_async_orm.patches import interpreter

    seen: list[bool] = []
    listing = sys._current_frames

    def listed() -> object:
        seen.append(gc.isenabled())
        return listing()

    monkeypatch.setattr(sys, "_current_frames", listed)
    assert interpreter.current_frames()
    assert (seen, gc.isenabled()) == ([False], True)
    gc.disable()
    try:
        interpreter.current_frames()
        assert not gc.isenabled()
    finally:
        gc.enable()
