"""What the plugin says, once, of settings that are known to be bad for async tests."""

from __future__ import annotations

from collections.abc import Sequence


def persistent_connections(aliases: Sequence[str]) -> str:
    names = ", ".join(map(repr, aliases))
    return (
        f"CONN_MAX_AGE is above 0 for {names}. Under ASGI each request runs on a thread of its own, which leaves its "
        "connection open when it ends. Set CONN_MAX_AGE = 0, or use OPTIONS['pool'] (Django 5.1, psycopg 3)."
    )


def unsafe_async() -> str:
    return (
        "DJANGO_ALLOW_ASYNC_UNSAFE is set. It hides the sync ORM in coroutines, in the code under test too, which "
        "fails in "
        "production. Unset it, and use the ORM's async methods or sync_to_async()."
    )


def replaced_executor(kind: str, workers: object) -> str:
    size = f" of {workers} threads" if workers is not None else ""
    return (
        f"asgiref's SyncToAsync.single_thread_executor was replaced by a {kind}{size}. Thread-sensitive code then "
        f"runs on "
        "more than one thread, and transactions that span calls break. Leave it as asgiref makes it, and use "
        "ThreadSensitiveContext for a thread of your own."
    )
