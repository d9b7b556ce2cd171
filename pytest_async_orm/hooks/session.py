"""What the plugin remembers of a session, in `config.stash`: the process from the start, the rest from the first
database test on.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import pytest

from pytest_async_orm.hooks.flushing import reasons
from pytest_async_orm.items import is_of
from pytest_async_orm.options import leak_mode
from pytest_async_orm.patches.process import PROCESS, Process

if TYPE_CHECKING:
    import asyncio

    from pytest_async_orm.leaks.judgement import Judge
    from pytest_async_orm.sharing.layers import Layers

STATE: pytest.StashKey[State] = pytest.StashKey()
PROCESS_KEY: pytest.StashKey[Process] = pytest.StashKey()
_SESSION: pytest.StashKey[object] = pytest.StashKey()
_HAS_RUN: pytest.StashKey[bool] = pytest.StashKey()
# Loops are made before the first database test as well.
EARLY_LOOPS: pytest.StashKey[WeakSet[asyncio.AbstractEventLoop]] = pytest.StashKey()


def begin(config: pytest.Config) -> None:
    """Give a session a state of its own in the process; an outer session's is set aside."""
    config.stash[PROCESS_KEY] = PROCESS
    config.stash[_SESSION] = PROCESS.begin()


def end(config: pytest.Config) -> None:
    """Take out what the session has replaced of other people's code, and give the process back."""
    session = config.stash.get(_SESSION, None)
    if session is not None:
        PROCESS.end(session)


def summarize(reporter: pytest.TerminalReporter) -> None:
    """Say under `--trace-config` what was replaced of other people's code while the session ran."""
    if reporter.config.option.traceconfig:
        replaced = ", ".join(sorted(str(target) for target in reporter.config.stash[PROCESS_KEY].patches.targets))
        reporter.write_line(f"async ORM: replaced while it ran: {replaced or 'nothing'}")
        for reason in reasons():
            reporter.write_line(f"async ORM: Django's own flush of {reason}")


def runs_again(item: pytest.Item) -> bool:
    """Whether a test has run before, as pytest-rerunfailures and others let it."""
    if _HAS_RUN in item.stash:
        return True
    item.stash[_HAS_RUN] = True
    return False


class State:
    """Made once Django is set up: see `state_of`."""

    def __init__(self, root: str = "", *, judges: bool = False) -> None:
        from pytest_async_orm.leaks.watching import watch_connections
        from pytest_async_orm.sharing.layers import Layers

        self.layers: Layers = Layers()
        self.loops: WeakSet[asyncio.AbstractEventLoop] = WeakSet()
        self.has_databases = False
        """Whether a fixture `django_db_setup` is set up."""
        watch_connections()
        self.judge: Judge | None = _judge(root) if judges else None
        self.unknown: set[str] = set()
        """The aliases of databases that cannot be isolated, of which the session was told."""
        self.traps: list[str] = []
        """What is known to be bad in this environment, until the first async database test is told."""
        self.scopes: list[tuple[str, Callable[[], None]]] = []
        """The fixtures of wider scope that keep rows at the moment, outermost first, and what ends each."""
        self.notices: list[dict[str, Any]] = []
        """What is told of the session: see `hooks.telling`."""

    def watch_again(self) -> None:
        """The databases are set up once more, as for the last test of a session that runs again: its fixtures were torn
        down.
        """
        from pytest_async_orm.leaks.watching import watch, watch_connections

        watch_connections()
        if self.judge is not None:
            watch()
            self.judge.go_on()

    def test_starts(self, test: str) -> None:
        """What is opened from now on, by no wider fixture, is this test's."""
        if self.judge is not None:
            PROCESS.test = test
            PROCESS.patches.install_imported()

    def test_ends(self) -> None:
        """What is opened from now on is the session's."""
        PROCESS.test = None

    def of_session(self) -> OfSession:
        """A block in which what a fixture of wider scope opens and starts is no test's."""
        return OfSession()


class OfSession:
    """A context manager by hand: a set-up and a tear-down of most tests are inside of one."""

    def __init__(self) -> None:
        self._before: str | None = None

    def __enter__(self) -> None:
        self._before, PROCESS.test = PROCESS.test, None

    def __exit__(self, *_: object) -> None:
        """Also a finalizer, which is called with nothing."""
        PROCESS.test = self._before


def _judge(root: str) -> Judge:
    from pytest_async_orm.leaks.judgement import Judge
    from pytest_async_orm.leaks.ledger import Ledger
    from pytest_async_orm.leaks.watching import watch

    PROCESS.one(Ledger).root = root
    watch()
    return Judge()


def state_of(config: pytest.Config) -> State:
    """The session's state, made at the first call."""
    state = config.stash.get(STATE, None)
    if state is None:
        state = config.stash[STATE] = State(str(config.rootpath), judges=leak_mode(config) != "off")
        early = config.stash.get(EARLY_LOOPS, None)
        if early is not None:
            state.loops.update(early)
    return state


def note_loop(config: pytest.Config, fixturedef: pytest.FixtureDef[Any], value: Any) -> None:
    """Remember an event loop that outlives tests: the value of a fixture, or in a runner of pytest-asyncio's.

    Only the type of a value is looked at: a lazy object of a project's stays as it is.
    """
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return
    if type(value).__name__ == "Runner" and is_of(fixturedef, "pytest_asyncio"):
        value = value.get_loop()
    if issubclass(type(value), asyncio.AbstractEventLoop):
        known = config.stash[STATE].loops if STATE in config.stash else config.stash.setdefault(EARLY_LOOPS, WeakSet())
        known.add(value)
