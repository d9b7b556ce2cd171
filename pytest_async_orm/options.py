"""The plugin's options: their names, defaults, and what a bad value answers."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Literal, TypeVar, cast, get_args

import pytest

Mode = Literal["async", "all", "off"]
Reaction = Literal["off", "warn", "error"]
FlushMode = Literal["touched", "django"]
REACTIONS: tuple[str, ...] = get_args(Reaction)
MODES: tuple[str, ...] = get_args(Mode)
FLUSH_MODES: tuple[str, ...] = get_args(FlushMode)
DEFAULT_LOCK_TIMEOUT = 10.0
_T = TypeVar("_T")


def add_options(parser: pytest.Parser) -> None:
    """The options of the command line and of the ini file."""
    group = parser.getgroup("async-orm", "isolation of tests of Django's async ORM")
    group.addoption(
        "--async-orm-sandbox",
        choices=MODES,
        default=None,
        help="which database tests are isolated on every thread: async ones, all, none (default: the ini option)",
    )
    group.addoption("--async-orm-report", metavar="FILE", help="write the queries of every database test as JSON")
    group.addoption("--async-orm-html", metavar="FILE", help="write a page to look at: tests, queries over time, N+1")
    group.addoption(
        "--async-orm-top",
        type=_positive,
        metavar="N",
        help="show the N tests with the most queries, the N slowest queries, and the N+1 found",
    )
    group.addoption(
        "--async-orm-update-snapshots", action="store_true", help="write query snapshots instead of comparing them"
    )
    parser.addini("async_orm_max_queries", "the most queries that a database test may send (default: no limit)")
    parser.addini("async_orm_n_plus_one", "what to do about N+1 queries of a test: off, warn or error", default="off")
    parser.addini(
        "async_orm_sandbox", "which database tests are isolated on every thread: async, all or off", default="async"
    )
    parser.addini(
        "async_orm_flush",
        "how a test with real connections is cleaned up: touched (tables that hold rows) or django (all tables)",
        default="touched",
    )
    group.addoption(
        "--async-orm-leaks",
        choices=REACTIONS,
        default=None,
        help="what an open connection that a test leaves is: nothing, a line of the summary, an error",
    )
    parser.addini("async_orm_leaks", "what a connection that a test leaves open is: off, warn or error", default="warn")
    parser.addini(
        "async_orm_lock_timeout",
        "seconds that a thread waits for the test's connection before a deadlock is reported",
        default=str(DEFAULT_LOCK_TIMEOUT),
    )


def _once(read: Callable[[pytest.Config], _T]) -> Callable[[pytest.Config], _T]:
    """The same reader, called once in a session: every test asks for most of them."""
    key: pytest.StashKey[_T] = pytest.StashKey()

    @wraps(read)
    def known(config: pytest.Config) -> _T:
        try:
            return config.stash[key]
        except KeyError:
            value = config.stash[key] = read(config)
            return value

    return known


def check_options(config: pytest.Config) -> None:
    """Fail before a test runs, not in the middle of the session."""
    for read in (sandbox_mode, leak_mode, flush_mode, lock_timeout, max_queries, n_plus_one):
        read(config)
    for option in ("--async-orm-report", "--async-orm-html"):
        _check_file(option, config.getoption(option))


def _positive(value: str) -> int:
    """A number of tests. Raises `ArgumentTypeError`, of which pytest makes a usage error, for anything else."""
    if not value.isdecimal() or int(value) < 1:
        raise argparse.ArgumentTypeError(f"{value!r} is no number of tests: use one above 0, such as 10")
    return int(value)


def _check_file(option: str, value: str | None) -> None:
    """What is found out after the last test comes too late."""
    if value is None:
        return
    path = Path(value)
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise pytest.UsageError(f"{option}={value}: give a file in a folder that exists.")


def wants_report(config: pytest.Config) -> bool:
    """Whether the queries of every database test are shown at the end."""
    # Every report of a test asks.
    option = config.option
    return bool(option.async_orm_report or option.async_orm_html or option.async_orm_top)


@_once
def max_queries(config: pytest.Config) -> int | None:
    """The ini budget of every database test; None for no limit."""
    value = config.getini("async_orm_max_queries")
    if not value:
        return None
    if not str(value).isdecimal():
        raise pytest.UsageError(
            f"the ini option async_orm_max_queries is {value!r}: use a number of queries, such as 50."
        )
    return int(value)


@_once
def n_plus_one(config: pytest.Config) -> Reaction:
    """What the ini file says of N+1 queries. Raises `UsageError` for an unknown word."""
    value = config.getini("async_orm_n_plus_one")
    return cast("Reaction", _one_of(REACTIONS, value, "the ini option async_orm_n_plus_one"))


def _one_of(allowed: tuple[str, ...], value: object, source: str) -> object:
    if value not in allowed:
        raise pytest.UsageError(f"{source} is {value!r}: use one of {', '.join(map(repr, allowed))}.")
    return value


@_once
def sandbox_mode(config: pytest.Config) -> Mode:
    """Which tests are isolated, by the command line or else the ini file. Raises `UsageError`."""
    given = config.getoption("--async-orm-sandbox")
    return parse_mode(given or config.getini("async_orm_sandbox"), "the ini option async_orm_sandbox")


def parse_mode(value: object, source: str) -> Mode:
    """A mode of isolation; `source` says where it was given. Raises `UsageError` for an unknown one."""
    return cast("Mode", _one_of(MODES, value, source))


@_once
def leak_mode(config: pytest.Config) -> Reaction:
    """What a leak is, by the command line or else the ini file. Raises `UsageError`."""
    value = config.getoption("--async-orm-leaks") or config.getini("async_orm_leaks")
    return cast("Reaction", _one_of(REACTIONS, value, "the ini option async_orm_leaks"))


@_once
def flush_mode(config: pytest.Config) -> FlushMode:
    """What the ini file says of the end of tests with real connections. Raises `UsageError` for an unknown word."""
    value = config.getini("async_orm_flush")
    return cast("FlushMode", _one_of(FLUSH_MODES, value, "the ini option async_orm_flush"))


@_once
def lock_timeout(config: pytest.Config) -> float:
    """Seconds that a thread waits for its turn. Raises `UsageError` for what is no positive number."""
    value = config.getini("async_orm_lock_timeout")
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    # Not-a-number and infinity are no time-outs either.
    if not 0 < seconds < 1e6:
        raise pytest.UsageError(
            f"the ini option async_orm_lock_timeout is {value!r}: use a positive number of seconds, such as 10."
        )
    return seconds
