"""Settings and releases that are known to break async tests, looked for once, before the first database test."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import SyncToAsync
from django.db import connections

from pytest_async_orm.messages import environment as messages


def traps() -> list[str]:
    """One message for each trap of this environment."""
    return [
        *persistent_connections(connections.settings),
        *unsafe_async(os.environ),
        *replaced_executor(SyncToAsync.single_thread_executor),
    ]


def persistent_connections(databases: Mapping[str, Mapping[str, Any]]) -> Iterable[str]:
    aliases = [alias for alias, database in databases.items() if database.get("CONN_MAX_AGE") != 0]
    return [messages.persistent_connections(aliases)] if aliases else []


def unsafe_async(environment: Mapping[str, str]) -> Iterable[str]:
    return [messages.unsafe_async()] if environment.get("DJANGO_ALLOW_ASYNC_UNSAFE") else []


def replaced_executor(executor: object) -> Iterable[str]:
    """asgiref's executor is a pool of one thread; another loses the affinity that thread-sensitive code relies on."""
    workers = getattr(executor, "_max_workers", None)
    if isinstance(executor, ThreadPoolExecutor) and workers == 1:
        return []
    return [messages.replaced_executor(type(executor).__name__, workers)]
