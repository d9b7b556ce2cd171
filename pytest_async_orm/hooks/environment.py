"""Settings and releases that are known to break async tests, looked for once, before the first database test."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import asgiref
from asgiref.sync import SyncToAsync
from django.db import connections

from pytest_async_orm.messages import environment as messages
from pytest_async_orm.patches.executors import size_of

# The first release of asgiref that has a fault, the one that remedies it, and what breaks; in the order of the second.
# Found by tests/plugin/asgiref_experiments.py, under 3.6.0 to 3.13.0.
ASGIREF_FAULTS = (
    ("3.6.0", "3.8.0", messages.TASKS_HANG),
    ("3.8.0", "3.9.1", messages.TASKS_MIXED_UP),
    ("3.9.0", "3.12.0", messages.LOOP_REMEMBERED),
    ("3.6.0", "3.12.0", messages.REQUEST_HANGS),
)


def traps() -> list[str]:
    """One message for each trap of this environment."""
    return [
        *persistent_connections(connections.settings),
        *unsafe_async(os.environ),
        *replaced_executor(SyncToAsync.single_thread_executor),
        *bad_asgiref(asgiref.__version__),
    ]


def persistent_connections(databases: Mapping[str, Mapping[str, Any]]) -> Iterable[str]:
    """One message for the aliases whose connections outlive a request; none if there are none."""
    aliases = [alias for alias, database in databases.items() if database.get("CONN_MAX_AGE") != 0]
    return [messages.persistent_connections(aliases)] if aliases else []


def unsafe_async(environment: Mapping[str, str]) -> Iterable[str]:
    """One message if DJANGO_ALLOW_ASYNC_UNSAFE is set. Under Playwright's sync API, whose loop runs on the tests' own
    thread, it is set for a reason.
    """
    if "playwright.sync_api" in sys.modules:
        return []
    return [messages.unsafe_async()] if environment.get("DJANGO_ALLOW_ASYNC_UNSAFE") else []


def replaced_executor(executor: object) -> Iterable[str]:
    """asgiref's executor is a pool of one thread; another loses the affinity that thread-sensitive code relies on."""
    workers = size_of(executor)
    if isinstance(executor, ThreadPoolExecutor) and workers == 1:
        return []
    return [messages.replaced_executor(type(executor).__name__, workers)]


def bad_asgiref(release: str) -> Iterable[str]:
    """One message if a release of asgiref, such as 3.12.0, has faults that break async tests."""
    faults = [
        (what, fixed) for first, fixed, what in ASGIREF_FAULTS if _numbers(first) <= _numbers(release) < _numbers(fixed)
    ]
    return [messages.bad_asgiref(release, faults)] if faults else []


def _numbers(release: str) -> tuple[int, ...]:
    """The numbers of a release: those of 3.12.0rc1 are taken for 3.12.0's."""
    return tuple(int(number) for number in re.findall(r"\d+", release)[:3])
