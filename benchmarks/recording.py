"""What recording a query costs, in CPU time, beside Django's own log and other recorders.

    python benchmarks/recording.py [--database sqlite-memory] [--rounds 40]

Each round runs every variant in turn in one process, and the medians of the ratios of one round are printed: a raw
`SELECT 1`, an ORM get, and an `aget`, each with what the plugin patches taken out, with nothing open, with Django's
`CaptureQueriesContext`, with the recording of `assert_num_queries` (innermost line) and with that of `record_queries`
(whole stack), whose fingerprints and call sites are read at the end. Then fingerprints alone, against sqlparse, and a
recording of 100,000 queries.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
QUERIES = 300


def set_up(database: str) -> None:
    sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "natural")]
    os.environ["NATURAL_DATABASE"] = database
    os.environ["DJANGO_SETTINGS_MODULE"] = "natural_settings"
    import django

    django.setup()
    from django.db import connections
    from django.test.utils import setup_databases

    setup_databases(verbosity=0, interactive=False, aliases=["default"])
    connections["default"].ensure_connection()


def raw() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for _ in range(QUERIES):
            cursor.execute("SELECT 1")


def get() -> None:
    from sample_app.models import Tag

    for _ in range(QUERIES):
        Tag.objects.get(name="a")


async def aget() -> None:
    from sample_app.models import Tag

    for _ in range(QUERIES):
        await Tag.objects.aget(name="a")


def run_aget() -> None:
    LOOP.run_until_complete(aget())


LOOP = asyncio.new_event_loop()


def captured() -> AbstractContextManager[Any]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    return CaptureQueriesContext(connection)


def counted() -> AbstractContextManager[Any]:
    from pytest_async_orm import assert_num_queries

    return assert_num_queries(QUERIES)


def recorded() -> AbstractContextManager[Any]:
    from pytest_async_orm import record_queries

    return record_queries()


@contextmanager
def unpatched() -> Iterator[None]:
    """The interpreter's, asgiref's and Django's functions as they came."""
    from asgiref.sync import AsyncToSync, SyncToAsync
    from django.db.backends.base import base

    owners: list[tuple[Any, str]] = [
        (SyncToAsync, "__call__"), (AsyncToSync, "__call__"), (asyncio.BaseEventLoop, "create_task"),
        (ThreadPoolExecutor, "submit"), (threading.Thread, "start"), (base, "debug_transaction"),
    ]  # fmt: skip
    patched = [(owner, name, getattr(owner, name)) for owner, name in owners]
    for owner, name, function in patched:
        setattr(owner, name, function.__wrapped__)
    try:
        yield
    finally:
        for owner, name, function in patched:
            setattr(owner, name, function)


# A recording looks for callers as far as pytest's own function that calls the test: a function in its place.
AS_A_TEST: dict[str, Any] = {}
exec(compile("def call(work): work()", f"{os.sep}_pytest{os.sep}python.py", "exec"), AS_A_TEST)


def measure(work: Callable[[], None], block: Callable[[], AbstractContextManager[Any]]) -> float:
    """Seconds of CPU, of all threads; what was recorded is read, so that nothing is put off."""
    started = time.process_time()
    with block() as log:
        AS_A_TEST["call"](work)
    if block in {recorded, counted}:
        # What differs in text and call site is resolved once.
        different = {(raw.sql, raw.stack[0]): raw for raw in log._recording.raw_queries()}
        assert len({(raw.fingerprint, raw.call_site) for raw in different.values()}) == 1
        assert len(log) == QUERIES
    elif block is captured:
        assert len(log.captured_queries) in {QUERIES, 0}
    return time.process_time() - started


def quartiles(values: list[float]) -> str:
    low, _, high = statistics.quantiles(values, n=4)
    return f"[{low:.3f}-{high:.3f}]"


PAIRS = [
    ("nothing open again", "nothing open"),
    ("nothing open", "unpatched"),
    ("Django's log", "nothing open"),
    ("counted", "nothing open"),
    ("recorded", "nothing open"),
    ("counted", "Django's log"),
    ("recorded", "Django's log"),
]


def compare(label: str, work: Callable[[], None], rounds: int) -> None:
    variants = {
        "unpatched": unpatched,
        "nothing open": nullcontext,
        "nothing open again": nullcontext,
        "Django's log": captured,
        "counted": counted,
        "recorded": recorded,
    }
    times: dict[str, list[float]] = {name: [] for name in variants}
    for number in range(rounds):
        # The order changes, so that none always follows another.
        names = list(variants)[number % len(variants) :] + list(variants)[: number % len(variants)]
        for name in names:
            times[name].append(measure(work, variants[name]))
    for over, under in PAIRS:
        values = [a / b for a, b in zip(times[over][3:], times[under][3:], strict=True)]
        print(f"{label}: {over} / {under} {statistics.median(values):.3f} {quartiles(values)}")


def fingerprints() -> None:
    import sqlparse

    from pytest_async_orm.recording.fingerprints import fingerprint

    texts = [
        f'SELECT "a"."id", "a"."b" FROM "a" INNER JOIN "c" ON ("a"."c_id" = "c"."id") WHERE ("a"."d" = {number} AND '
        f'"c"."e" IN (%s, %s, %s)) ORDER BY "a"."f" DESC LIMIT 21'
        for number in range(300)
    ]
    started = time.process_time()
    for text in texts:
        fingerprint(text)
    ours = time.process_time() - started
    started = time.process_time()
    for text in texts:
        for token in sqlparse.parse(text)[0].flatten():
            str(token.ttype)
    theirs = time.process_time() - started
    print(f"fingerprint of a new text: {1e6 * ours / 300:.0f} us; sqlparse's tokens alone {1e6 * theirs / 300:.0f} us")


def many(number: int) -> None:
    global QUERIES
    QUERIES = number
    tracemalloc.start()
    with recorded() as log:
        raw()
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    print(
        f"{number} queries: {len(log)} counted, {len(list(log))} kept, {log.dropped} counted only, {size / 1e6:.1f} MB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", default="sqlite-memory")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--pin", type=int, metavar="CPU", help="keep the process on this processor (Linux)")
    options = parser.parse_args()
    if options.pin is not None:
        os.sched_setaffinity(0, {options.pin})
    set_up(options.database)
    from sample_app.models import Tag

    Tag.objects.create(name="a")
    works = {"SELECT 1": raw, "get": get, "aget": run_aget}
    # From the first recording on everything is patched.
    with recorded():
        raw()
    for label, work in works.items():
        compare(label, work, options.rounds)
    fingerprints()
    many(100_000)


if __name__ == "__main__":
    main()
