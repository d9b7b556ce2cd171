"""What the plugin says of leaks: where, what, and the remedy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_async_orm.records import Cause, Census, Counts, Leak, LeakKind


_ON_ITS_THREAD = (
    "Call django.db.connections.close_all() on that thread, in a finally block, before its work ends: no other thread "
    "can."
)
_REMEDIES: dict[LeakKind, str] = {
    "orphaned": _ON_ITS_THREAD,
    "lingering": (
        "The pool's thread lives on and keeps its connection: end the function that runs there with "
        "django.db.connections.close_all(), or run it by sync_to_async() with thread_sensitive=True, inside a request."
    ),
    "in transaction": (
        "End the transaction on the thread that began it: with transaction.atomic() as a block, or commit() or "
        "rollback() and set_autocommit(True) in a finally block."
    ),
    "pool slot not returned": (
        "Return the slot on the thread that took it: django.db.connections.close_all() for Django's connection, "
        "`with pool.connection()` for one taken by hand."
    ),
    "cursor left open": "Open the cursor in a with block, and exhaust or close() an iterator() that is left early.",
    "async generator left open": (
        "Iterate inside `async with contextlib.aclosing(queryset.aiterator()) as rows`, or await its aclose()."
    ),
    "executor never shut down": (
        "Leave the executor or the ThreadSensitiveContext by a with block, and let its calls end with "
        "django.db.connections.close_all()."
    ),
    "ORM coroutine never awaited": "Await it: without that not one statement was sent.",
}
_IN_LOOP = (
    "A connection that a coroutine opens belongs to its task, and ends unclosed with it: await its close() in the same "
    "task; for the sync ORM use the async methods or sync_to_async() (DJANGO_ALLOW_ASYNC_UNSAFE hides this mistake)."
)


_OWN = (
    "It is not Django's connection of that thread but one of the program's own, which nothing else closes: use it in "
    "`with contextlib.closing(connection.copy()) as twin`, or end with close_all() of its ConnectionHandler."
)


_ON_A_THREAD = (
    "The thread lives on and keeps its connection: join it before the test ends, and end what runs there with "
    "django.db.connections.close_all() in a finally block."
)
_BY_CLIENT = (
    "The test's client sent a request on that thread, and leaves the thread's connection open at the request's end: "
    "use AsyncClient without a thread, or end the function that runs there with django.db.connections.close_all()."
)
_RESPONSE = (
    "The test left a streamed response before its end, and with it what the view iterates over: read "
    "response.streaming_content to its end."
)
_BY_CAUSE: dict[tuple[LeakKind, Cause], str] = {
    **dict.fromkeys(product(("orphaned", "lingering"), ("own",)), _OWN),
    **dict.fromkeys(product(("orphaned", "lingering"), ("loop",)), _IN_LOOP),
    **dict.fromkeys(product(("orphaned", "lingering", "executor never shut down"), ("client",)), _BY_CLIENT),
    ("lingering", "thread"): _ON_A_THREAD,
    ("async generator left open", "response"): _RESPONSE,
}


def remedy(kind: LeakKind, *, max_age: float | None = 0, cause: Cause = "") -> str:
    """What to do about a leak. `max_age`: the CONN_MAX_AGE of its database, for a thread that ends with a request."""
    found = _BY_CAUSE.get((kind, cause))
    if found is not None:
        return found
    if max_age != 0 and kind in ("orphaned", "lingering", "executor never shut down"):
        return (
            f"CONN_MAX_AGE is {max_age!r}: under ASGI each request runs on a thread of its own, which ends with its "
            f"connection open. Set CONN_MAX_AGE = 0, or use OPTIONS['pool'] (Django 5.1, psycopg 3). {_REMEDIES[kind]}"
        )
    return _REMEDIES[kind]


def left_open(test: str, leaks: Sequence[Leak]) -> str:
    """The warning, or the error, at one test."""
    return f"The test {test} left connections open or work unfinished:\n" + "\n".join(folded_lines(leaks))


def folded_lines(leaks: Iterable[Leak]) -> list[str]:
    """Equal leaks as one, with their count."""
    counts: dict[tuple[object, ...], tuple[Leak, int]] = {}
    for leak in leaks:
        key = (leak.kind, str(leak.opened_at), leak.alias, leak.remedy)
        first, count = counts.get(key, (leak, 0))
        counts[key] = (first, count + 1)
    return [line for leak, count in counts.values() for line in _lines(leak, count)]


def _lines(leak: Leak, count: int) -> list[str]:
    times = f" ({count} times)" if count > 1 else ""
    return [f"  {leak.kind}{times}: {_what(leak)}{_where(leak)}", f"    {leak.remedy}"]


def _what(leak: Leak) -> str:
    alias = f"{leak.alias!r}, " if leak.alias else ""
    verb = "made" if leak.kind == "ORM coroutine never awaited" else "opened"
    return f"{alias}{verb} at {leak.opened_at or 'an unknown line'}"


def _where(leak: Leak) -> str:
    thread = f" on the thread {leak.thread_name!r}" if leak.thread_name else ""
    task = f", task {leak.task_name!r}" if leak.task_name else ""
    return f"{thread}{task}"


def grew(counts: Counts, leaks: Sequence[Leak], server: Sequence[str]) -> str:
    """The error of `assert_no_leaks`."""
    number, before, after = len(leaks), counts.before, counts.after
    aside = (
        (counts.gone, "ended unclosed, with what held it"),
        (counts.kept, "kept by asgiref or the plugin"),
        (counts.closed, "of those before closed"),
    )
    if after - before == number and not any(count for count, _ in aside):
        more = "more connections are" if number != 1 else "more connection is"
        first = f"{number} {more} open than before the block ({before} then, {after} now):"
    else:
        were = "connections that the block opened were" if number != 1 else "connection that the block opened was"
        facts = [f"{before} open before it", f"{after} now", *(f"{count} {what}" for count, what in aside if count)]
        first = f"{number} {were} not closed ({', '.join(facts)}):"
    return "\n".join([first, *folded_lines(leaks), *(f"  server: {text}" for text in server)])


def witness(census: Census) -> str:
    """What the server says, for people."""
    if census.cannot_see:
        return f"{census.alias!r} cannot be counted: {census.cannot_see}"
    strangers = f", and {census.strangers} of which the ledger knows nothing" if census.strangers else ""
    return f"{census.alias!r} has {census.server} of the ledger's {census.ledger} connections{strangers}"


def disagreement(census: Census) -> str:
    """The warning for a ledger and a server that do not agree."""
    return (
        f"The plugin's ledger and the server of {census.alias!r} disagree: {census.disagreement}. This is a fault of "
        "pytest-async-orm, not of the test; please report it. The outcome of the test was not changed."
    )


def judgement_failed(test: str, error: BaseException, trace: str) -> str:
    """The warning for a fault of the plugin in the search for leaks of one test; `trace` is the formatted traceback."""
    return (
        f"pytest-async-orm failed while it looked for connection leaks of {test}: {error!r}. This is a fault of the "
        "plugin, not of the test; please report it, and switch the search off with --async-orm-leaks=off. The outcome "
        f"of the test was not changed.\n{trace}"
    )


def summary(folded: Iterable[dict[str, Any]]) -> list[str]:
    """The lines of the terminal's section: equal leaks of many tests as one."""
    lines = []
    for leak in folded:
        tests = leak["tests"]
        shown = ", ".join(str(test) for test in tests[:3]) + (f" and {len(tests) - 3} more" if len(tests) > 3 else "")
        alias = f"{leak['alias']!r}, " if leak["alias"] else ""
        allowed = f" (allowed: {leak['allowed']})" if leak["allowed"] else ""
        lines.append(f"{leak['count']} x {leak['kind']}: {alias}{leak['line'] or 'an unknown line'}{allowed}")
        lines += [f"    {shown}", f"    {leak['remedy']}"]
    return lines


def bad_marker(test: str) -> str:
    """The error for a marker `allow_connection_leaks` without a reason, or with more than one."""
    return (
        f"{test}: allow_connection_leaks takes a reason and nothing else, such as "
        "@pytest.mark.allow_connection_leaks(reason='the legacy importer never closes')."
    )
