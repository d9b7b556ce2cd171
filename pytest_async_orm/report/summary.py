"""The summary of `--async-orm-top`: most queries, slowest queries, N+1 found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from pytest_async_orm.messages import reports as messages
from pytest_async_orm.report.collecting import COLLECTED, is_controller
from pytest_async_orm.report.writing import FAILED


def show(reporter: pytest.TerminalReporter) -> None:
    """Write the summary that `--async-orm-top` asks for, which files were written, and which could not be."""
    config = reporter.config
    if not is_controller(config):
        return
    tests = config.stash.get(COLLECTED, [])
    top = config.getoption("--async-orm-top")
    if top and tests:
        reporter.write_sep("=", "async ORM queries")
        for line in summary(tests, top):
            reporter.write_line(line)
    for option in ("--async-orm-report", "--async-orm-html"):
        path = config.getoption(option)
        if path and not config.stash.get(FAILED, []):
            reporter.write_line(messages.written(option, path))
    for failure in config.stash.get(FAILED, []):
        reporter.write_line(failure, red=True)


def summary(tests: Sequence[dict[str, Any]], top: int) -> Iterator[str]:
    """The lines of the summary."""
    yield "Most queries:"
    for test in sorted(tests, key=lambda test: -test["count"])[:top]:
        yield f"  {test['count']:>6}  {test['test']}"
    slowest = sorted(
        ((query, test["test"]) for test in tests for query in test["queries"]), key=lambda pair: -pair[0]["duration_ms"]
    )
    yield "Slowest queries:"
    for query, name in slowest[:top]:
        what = f"{messages.call_site(query)}  {messages.short(query['fingerprint'])}"
        yield f"  {query['duration_ms']:>6.1f} ms  {what}  {name}"
    yield from _n_plus_one(tests, top)


def _n_plus_one(tests: Sequence[dict[str, Any]], top: int) -> Iterator[str]:
    found: dict[tuple[str, str], list[tuple[int, str, str]]] = {}
    for test in tests:
        for group in test["n_plus_one"]:
            key = group["call_site"], group["fingerprint"]
            found.setdefault(key, []).append((group["count"], test["test"], group["remedy"]))
    if not found:
        return
    yield "N+1:"
    for (site, shape), hits in sorted(found.items(), key=lambda pair: -max(pair[1])[0])[:top]:
        count, name, remedy = max(hits)
        others = messages.others(len(hits) - 1)
        yield f"  {count:>6} x  {site}  {messages.short(shape)}"
        yield f"           {name}{others}"
        yield f"           {remedy}"
