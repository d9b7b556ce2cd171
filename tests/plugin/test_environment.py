"""Traps of the environment, each by the experiment that shows it."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asgiref
import asgiref_experiments
import pytest
from asgiref.sync import SyncToAsync, ThreadSensitiveContext, sync_to_async
from django.db import connection

from pytest_async_orm.hooks.environment import (
    ASGIREF_FAULTS,
    bad_asgiref,
    persistent_connections,
    replaced_executor,
    unsafe_async,
)
from pytest_async_orm.messages import environment as messages


def test_persistent_connections_are_named() -> None:
    """The warning names the aliases whose CONN_MAX_AGE is above 0 or unlimited, and the remedy."""
    (text,) = persistent_connections(
        {"default": {"CONN_MAX_AGE": 600}, "other": {"CONN_MAX_AGE": None}, "third": {"CONN_MAX_AGE": 0}}
    )
    assert "'default', 'other'." in text
    assert "OPTIONS['pool']" in text
    assert persistent_connections({"default": {"CONN_MAX_AGE": 0}}) == []


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_each_request_leaves_a_persistent_connection() -> None:
    """The experiment: a context of a request's own leaves its connection open if it is persistent."""
    opened = []

    def use() -> None:
        connection.settings_dict = {**connection.settings_dict, "CONN_MAX_AGE": 600}
        connection.ensure_connection()
        connection.close_if_unusable_or_obsolete()
        opened.append(connection.connection)
        connection.close()
        if connection.connection is not None:
            # Django leaves a database in memory open.
            connection.connection.close()

    async with ThreadSensitiveContext():
        await sync_to_async(use)()
    assert opened[0] is not None


def test_unsafe_async_is_named() -> None:
    """The variable that hides the sync ORM in coroutines is warned of, with the remedy."""
    (text,) = unsafe_async({"DJANGO_ALLOW_ASYNC_UNSAFE": "1"})
    assert "sync_to_async()" in text
    assert unsafe_async({}) == []


def test_unsafe_async_hides_the_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    """The experiment: with the variable a coroutine calls the sync ORM without an error."""
    from django.core.exceptions import SynchronousOnlyOperation
    from django.utils.asyncio import async_unsafe

    @async_unsafe
    def query() -> str:
        return "ran in the event loop"

    async def coroutine() -> str:
        return query()

    with pytest.raises(SynchronousOnlyOperation):
        asyncio.run(coroutine())
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    assert asyncio.run(coroutine()) == "ran in the event loop"


def test_replaced_executor_is_named() -> None:
    """An executor that is not asgiref's is warned of, with its size; asgiref's own is not."""
    (text,) = replaced_executor(ThreadPoolExecutor(4))
    assert "ThreadPoolExecutor of 4 threads" in text
    assert replaced_executor(SyncToAsync.single_thread_executor) == []


def test_replaced_executor_breaks_affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    """The experiment: with two workers, thread-sensitive calls that overlap run on two threads."""
    both = threading.Barrier(2, timeout=5)

    def where() -> int:
        both.wait()
        return threading.get_ident()

    async def overlapping() -> set[int]:
        return set(await asyncio.gather(sync_to_async(where)(), sync_to_async(where)()))

    with ThreadPoolExecutor(2) as pool:
        monkeypatch.setattr(SyncToAsync, "single_thread_executor", pool)
        assert len(asyncio.run(overlapping())) == 2


@pytest.mark.parametrize(
    ("release", "broken", "upgrade"),
    [
        ("3.6.0", [messages.TASKS_HANG, messages.REQUEST_HANGS], "3.12.0"),
        ("3.7.2", [messages.TASKS_HANG, messages.REQUEST_HANGS], "3.12.0"),
        ("3.8.1", [messages.TASKS_MIXED_UP, messages.REQUEST_HANGS], "3.12.0"),
        ("3.9.0", [messages.TASKS_MIXED_UP, messages.LOOP_REMEMBERED, messages.REQUEST_HANGS], "3.12.0"),
        ("3.11.1", [messages.LOOP_REMEMBERED, messages.REQUEST_HANGS], "3.12.0"),
    ],
)
def test_bad_asgiref_is_named(release: str, broken: list[str], upgrade: str) -> None:
    """The warning names the release, what it breaks, and the release that fixes all of it."""
    (text,) = bad_asgiref(release)
    assert text.startswith(f"asgiref {release} breaks async tests: ")
    assert [what for _, _, what in ASGIREF_FAULTS if what in text] == broken
    assert text.endswith(f"Upgrade to asgiref {upgrade} or later.")


@pytest.mark.parametrize("release", ["3.12.0", "3.12.1", "3.13.0", "3.13.0rc1", "4.0"])
def test_good_asgiref_is_not_named(release: str) -> None:
    """A release in which all known faults are fixed gives no warning."""
    assert bad_asgiref(release) == []


@pytest.fixture
def release(tmp_path: Path):
    """A release of asgiref in a folder of its own."""
    if shutil.which("uv") is None and not os.environ.get("CI"):
        pytest.skip("uv fetches the releases")
    return lambda number: asgiref_experiments.fetch(number, tmp_path)


# The experiment, what it shows, the last release that fails it, the first that passes it again.
SHOWN = [
    ("tasks_below_two_bridges", messages.TASKS_HANG, "3.7.2", "3.8.0"),
    ("tasks_below_two_bridges_in_a_request", messages.TASKS_HANG, "3.7.2", "3.8.0"),
    ("time_zones_of_tasks", messages.TASKS_MIXED_UP, "3.8.1", "3.9.0"),
    ("time_zone_deactivated_by_a_task", messages.TASKS_MIXED_UP, "3.9.0", "3.9.1"),
    ("bridge_made_in_an_earlier_test", messages.LOOP_REMEMBERED, "3.11.1", "3.12.0"),
    ("request_cancelled_on_its_way_back", messages.REQUEST_HANGS, "3.11.1", "3.12.0"),
]


@pytest.mark.parametrize(("experiment", "what", "bad", "fixed"), SHOWN, ids=lambda value: value.partition(" ")[0])
def test_bad_asgiref_breaks(release, experiment: str, what: str, bad: str, fixed: str) -> None:
    """The experiment: it hangs or fails under a release that the warning names, and is right under the next one."""
    assert what in bad_asgiref(bad)[0]
    assert asgiref_experiments.outcome(experiment, release(bad)) != "right"
    assert asgiref_experiments.outcome(experiment, release(fixed)) == "right"


def test_every_fault_is_shown() -> None:
    """No fault is named without an experiment, and the last of its experiments is fixed where it says."""
    assert {what: fixed for _, what, _, fixed in SHOWN} == {what: fixed for _, fixed, what in ASGIREF_FAULTS}


@pytest.mark.parametrize("experiment", sorted({experiment for experiment, *_ in SHOWN}))
def test_installed_asgiref(experiment: str) -> None:
    """The installed release is right in each experiment for which no warning is given."""
    shown = [what for name, what, *_ in SHOWN if name == experiment]
    if not any(what in text for text in bad_asgiref(asgiref.__version__) for what in shown):
        assert asgiref_experiments.outcome(experiment) == "right"


@pytest.mark.parametrize(
    "experiment",
    [
        pytest.param(
            "tasks_that_share_a_context",
            marks=pytest.mark.skipif(sys.version_info < (3, 11), reason="tasks take a context since Python 3.11"),
        ),
        pytest.param(
            "call_left_on_a_stopped_loop",
            marks=pytest.mark.skipif(
                tuple(map(int, asgiref.__version__.split(".")[:2])) < (3, 9), reason="came with asgiref 3.9.0"
            ),
        ),
    ],
)
@pytest.mark.xfail(strict=True, reason="no release of asgiref fixes it: once one does, name the others in the warning")
def test_what_no_release_fixes(experiment: str) -> None:
    """What docs/sandbox.md says of every release of asgiref still holds."""
    assert asgiref_experiments.outcome(experiment) == "right"
