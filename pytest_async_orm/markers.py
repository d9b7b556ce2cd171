"""The plugin's markers: what each takes, and what a test's say."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from pytest_async_orm.options import Mode, Reaction, max_queries, n_plus_one, parse_mode, sandbox_mode

_SANDBOX_LINE = (
    "async_orm_sandbox(mode): isolate this test's database on every thread if it is async ('async'), always ('all') "
    "or never ('off'), whatever the option says"
)
_QUERIES_LINE = "max_queries(n, using=None): the test sends at most n queries, on every database or on one alias"
_LOOPS_LINE = (
    "no_n_plus_one(threshold=2): no line sends one read of this test by more than `threshold` calls of the ORM"
)
_ALLOW = "allow_connection_leaks"
_MARKERS = frozenset({"async_orm_sandbox", "max_queries", "no_n_plus_one", _ALLOW})
_LEAKS_LINE = "allow_connection_leaks(reason): this test may leave connections open, for a reason that the report shows"


def check_collected(report: pytest.CollectReport) -> None:
    """Let the collection of a module or class fail if a marker of one of its tests is bad."""
    bad = [text for item in report.result if isinstance(item, pytest.Item) and (text := _bad_markers(item))]
    if report.passed and bad:
        report.outcome = "failed"
        report.longrepr = "\n".join(dict.fromkeys(bad))


def _bad_markers(item: pytest.Item) -> str:
    if _MARKERS.isdisjoint(marker.name for marker in item.iter_markers()):
        return ""
    try:
        for read in (mode_for, max_queries_of, n_plus_one_of, allowed_leaks):
            read(item)
    except pytest.UsageError as error:
        return str(error)
    return ""


def register_markers(config: pytest.Config) -> None:
    """Tell pytest of the plugin's markers."""
    for line in (_SANDBOX_LINE, _QUERIES_LINE, _LOOPS_LINE, _LEAKS_LINE):
        config.addinivalue_line("markers", line)


def closest(item: pytest.Item, name: str) -> pytest.Mark | None:
    """A test's nearest marker of a name. Every test asks for several that hardly any has: a marker's name is a keyword
    of the test, which is found faster than the marker.
    """
    return item.get_closest_marker(name) if name in item.keywords else None


def mode_for(item: pytest.Item) -> Mode:
    """The mode of one test: its marker, else the option."""
    marker = closest(item, "async_orm_sandbox")
    return sandbox_mode(item.config) if marker is None else _marked_mode(marker, item.nodeid)


def _marked_mode(marker: pytest.Mark, nodeid: str) -> Mode:
    def signature(mode: object) -> object:
        return mode

    remedy = "exactly one mode, such as @pytest.mark.async_orm_sandbox('off')"
    return parse_mode(_argued(marker, signature, nodeid, remedy), f"{nodeid}: the mode of the marker async_orm_sandbox")


def _argued(marker: pytest.Mark, signature: Callable[..., Any], nodeid: str, remedy: str) -> Any:
    """What a marker's arguments give. Raises `UsageError` with the remedy if they do not fit."""
    try:
        return signature(*marker.args, **marker.kwargs)
    except TypeError:
        given = ", ".join([*map(repr, marker.args), *(f"{name}={value!r}" for name, value in marker.kwargs.items())])
        raise pytest.UsageError(f"{nodeid}: {marker.name}({given}) takes {remedy}.") from None


def max_queries_of(item: pytest.Item) -> list[tuple[int, str | None]]:
    """A test's budgets: for each alias (None: all together) its nearest marker's, else the ini option's for all."""

    def signature(n: object, using: str | None = None) -> tuple[object, str | None]:
        return n, using

    remedy = "a number of queries and an alias if you like, such as @pytest.mark.max_queries(3, using='default')"
    found: dict[str | None, int] = {}
    for marker in item.iter_markers("max_queries") if "max_queries" in item.keywords else ():
        n, using = _argued(marker, signature, item.nodeid, remedy)
        if isinstance(n, bool) or not isinstance(n, int) or n < 0:
            raise pytest.UsageError(f"{item.nodeid}: max_queries({n!r}) takes {remedy}.")
        _check_alias(using, item.nodeid)
        found.setdefault(using, n)
    default = max_queries(item.config)
    if not found and default is not None:
        found[None] = default
    return [(n, using) for using, n in found.items()]


def _check_alias(using: object, nodeid: str) -> None:
    """Raises `UsageError` for an alias that the settings do not have, once there are settings."""
    configuration = sys.modules.get("django.conf")
    if using is None or configuration is None or not configuration.settings.configured:
        return
    aliases = list(configuration.settings.DATABASES) or ["default"]
    if using not in aliases:
        from pytest_async_orm.messages.arguments import unknown

        raise pytest.UsageError(f"{nodeid}: {unknown('using of the marker max_queries', using, aliases)}")


def n_plus_one_of(item: pytest.Item) -> tuple[int, Reaction]:
    """How often one line may send one read, and what to do if it does so more often."""
    marker = closest(item, "no_n_plus_one")
    if marker is None:
        return 2, n_plus_one(item.config)

    def signature(threshold: object = 2) -> object:
        return threshold

    remedy = "a number of times, such as @pytest.mark.no_n_plus_one(threshold=2)"
    threshold = _argued(marker, signature, item.nodeid, remedy)
    if isinstance(threshold, bool) or not isinstance(threshold, int) or threshold < 1:
        raise pytest.UsageError(f"{item.nodeid}: no_n_plus_one({threshold!r}) takes {remedy}.")
    return threshold, "error"


def allowed_leaks(item: pytest.Item) -> str | None:
    """Why a test may leave connections open; None if it may not."""
    marker = closest(item, _ALLOW)
    if marker is None:
        return None
    reason = marker.kwargs.get("reason")
    if marker.args or set(marker.kwargs) != {"reason"} or not isinstance(reason, str) or not reason.strip():
        from pytest_async_orm.messages.leaks import bad_marker

        raise pytest.UsageError(bad_marker(item.nodeid))
    return reason
