"""The plugin's options: their names, defaults, and what a bad value answers."""

from __future__ import annotations

from typing import Literal, cast, get_args

import pytest

Mode = Literal["async", "all", "off"]
MODES: tuple[str, ...] = get_args(Mode)
LeakMode = Literal["off", "warn", "error"]
LEAK_MODES: tuple[str, ...] = get_args(LeakMode)
DEFAULT_LOCK_TIMEOUT = 10.0


def add_options(parser: pytest.Parser) -> None:
    group = parser.getgroup("async-orm", "isolation of tests of Django's async ORM")
    group.addoption(
        "--async-orm-sandbox",
        choices=MODES,
        default=None,
        help="which database tests are isolated on every thread: async ones, all, none (default: the ini option)",
    )
    parser.addini(
        "async_orm_sandbox", "which database tests are isolated on every thread: async, all or off", default="async"
    )
    group.addoption(
        "--async-orm-leaks",
        choices=LEAK_MODES,
        default=None,
        help="what a connection that a test leaves open is: nothing, a warning, an error (default: the ini option)",
    )
    parser.addini("async_orm_leaks", "what a connection that a test leaves open is: off, warn or error", default="warn")
    parser.addini(
        "async_orm_lock_timeout",
        "seconds that a thread waits for the test's connection before a deadlock is reported",
        default=str(DEFAULT_LOCK_TIMEOUT),
    )


def check_options(config: pytest.Config) -> None:
    """Fail before a test runs, not in the middle of the session."""
    sandbox_mode(config)
    leak_mode(config)
    lock_timeout(config)


def sandbox_mode(config: pytest.Config) -> Mode:
    given = config.getoption("--async-orm-sandbox")
    return parse_mode(given or config.getini("async_orm_sandbox"), "the ini option async_orm_sandbox")


def parse_mode(value: object, source: str) -> Mode:
    if value not in MODES:
        raise pytest.UsageError(f"{source} is {value!r}: use one of {', '.join(map(repr, MODES))}.")
    return cast("Mode", value)


def leak_mode(config: pytest.Config) -> LeakMode:
    value = config.getoption("--async-orm-leaks") or config.getini("async_orm_leaks")
    if value not in LEAK_MODES:
        raise pytest.UsageError(
            f"the ini option async_orm_leaks is {value!r}: use one of {', '.join(map(repr, LEAK_MODES))}."
        )
    return cast("LeakMode", value)


def lock_timeout(config: pytest.Config) -> float:
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
