"""What the plugin says, once, of settings that are known to be bad for async tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def persistent_connections(aliases: Sequence[str]) -> str:
    """The warning for databases with a CONN_MAX_AGE above 0, by alias."""
    names = ", ".join(map(repr, aliases))
    return (
        f"CONN_MAX_AGE is above 0 for {names}. Under ASGI each request runs on a thread of its own, which leaves its "
        "connection open when it ends. Set CONN_MAX_AGE = 0, or use OPTIONS['pool'] (Django 5.1, psycopg 3)."
    )


def not_isolated(vendors: Mapping[str, str]) -> str:
    """The notice for databases, or drivers, that the sandbox does not know: alias and vendor of each."""
    names = ", ".join(f"{alias!r} ({vendor})" for alias, vendor in vendors.items())
    return (
        f"The plugin cannot isolate {names}: it knows SQLite, PostgreSQL, MariaDB and MySQL, by the drivers that "
        "Django supports. Async tests and threads of sync tests write there as without it, for good. "
        "@pytest.mark.django_db(transaction=True) has their rows removed."
    )


# What releases of asgiref break, each as one clause.
TASKS_HANG = "tasks that a coroutine starts below async_to_sync() below sync_to_async() hang or are refused"
TASKS_MIXED_UP = "tasks change or lose each other's language, time zone and URLconf"
LOOP_REMEMBERED = (
    "a callable that async_to_sync() made in one test hangs if it is called after that test's loop stopped"
)
REQUEST_HANGS = "a request that is cancelled while its thread goes back to the event loop hangs"


def bad_asgiref(release: str, faults: Sequence[tuple[str, str]]) -> str:
    """`faults`: what breaks, and the release that fixes it, in the order of these releases."""
    broken = "; ".join(f"{what} (fixed in {fixed})" for what, fixed in faults)
    return f"asgiref {release} breaks async tests: {broken}. Upgrade to asgiref {faults[-1][1]} or later."


def asked_in_loop(test: str) -> str:
    """The error of a database fixture that a coroutine asks for by getfixturevalue()."""
    return (
        f"{test} asked for a database by request.getfixturevalue() while its event loop runs, where Django refuses to "
        "open one. Ask for the fixture in the signature, of the test or of the fixture that needs it: "
        "`async def test_it(db, ...)`, or mark the test with @pytest.mark.django_db."
    )


def unsafe_async() -> str:
    """The warning for the variable DJANGO_ALLOW_ASYNC_UNSAFE."""
    return (
        "DJANGO_ALLOW_ASYNC_UNSAFE is set. It hides the sync ORM in coroutines, in the code under test too, which "
        "fails in production. Unset it, and use the ORM's async methods or sync_to_async()."
    )


def replaced_executor(kind: str, workers: object) -> str:
    """The warning for an executor that replaced asgiref's: its class and its number of threads, None if unknown."""
    size = f" of {workers} threads" if workers is not None else ""
    return (
        f"asgiref's SyncToAsync.single_thread_executor was replaced by a {kind}{size}. Thread-sensitive code then "
        "runs on more than one thread, and transactions that span calls break. Leave it as asgiref makes it, and use "
        "ThreadSensitiveContext for a thread of your own."
    )
