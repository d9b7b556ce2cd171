"""What the process has once: replacements of other people's code reach everything through `PROCESS`.

Connections, threads and loops belong to a process, not to a pytest session; so does what is known of them. A session
inside a session (`pytester` in process) gets a state of its own, and the outer one's comes back with its end.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast
from weakref import WeakKeyDictionary, ref

from pytest_async_orm.patches.mechanism import Mark, Patches

_T = TypeVar("_T")

Sink = Callable[[Any, Any, Any, bool, float, float, Any, "BaseException | None"], None]
"""Takes a statement: connection, SQL, parameters, many, start and end (`perf_counter`), the cursor (None: transaction
control) and the error."""


class Route(Protocol):
    """Who answers for one alias."""

    def get(self, alias: str) -> Any:
        """The calling thread's connection, made when it is first asked for; None for Django's after all."""

    def put(self, alias: str, connection: Any) -> None:
        """Set the calling thread's connection."""

    def drop(self, alias: str) -> None:
        """Forget the calling thread's connection; raises KeyError if it has none."""


class Router(Protocol):
    """Who decides whether an alias is routed, for the calling thread and context."""

    host: Any
    """Who has `thread`, to which nothing is routed in the context whose origin it is, outside of event loops; None if
    nobody has."""
    shows_real: bool
    """Whether nothing is routed where neither the context nor a hand-over tells of an origin."""

    def route(self, alias: str) -> Route | None:
        """Who answers for an alias; None for Django itself."""

    def covering(self, alias: str) -> str | None:
        """The id of the test that an alias is isolated for; None if it is not isolated."""

    def opened(self) -> list[Any]:
        """The connections that the calling thread has been given."""

    def before_rollback(self) -> None:
        """Called before Django rolls back what a test case has done."""

    def after_rollback(self) -> None:
        """Called when it has."""

    def origin(self) -> Any:
        """The sandbox of the test for which the calling thread works; None if nothing tells."""


class Process:
    """The state of the innermost session that runs, and the replacements that are in place for all of them."""

    # Sharing: who answers for a connection, and who reads what is sent by cursors that somebody has made by hand: given
    # the connection and the cursor.
    router: Router | None
    reader: Callable[[Any, Any], None] | None
    # Handing over: for which test the process works, and whether somebody asks who started what.
    test: str | None
    noting: bool
    # Recording: how many recordings are open, what takes their statements, and which of them take what belongs to no
    # block, or want whole stacks; what each thread was started for; how often native connections were used.
    recordings: int
    sink: Sink | None
    wide: list[Any]
    want_stacks: list[Any]
    started: WeakKeyDictionary[threading.Thread, tuple[Any, Any]]
    native_used: Counter[str]
    # The files of the tests that have run, which functions are asynchronous, and the definitions of fixtures that are
    # known to be of no interest: to set-ups, and, while they have that function, to who looks for asynchronous ones.
    test_files: set[str]
    async_functions: dict[ref[Any], bool]
    plain_fixtures: set[Any]
    sync_fixtures: dict[Any, Callable[..., Any]]
    # Leaks: whether account is kept of connections.
    watching: bool

    def __init__(self) -> None:
        self.patches = Patches()
        self._outer: list[tuple[object, dict[str, Any], Mark]] = []
        self._clear()

    def _clear(self) -> None:
        self.router = self.reader = self.test = self.sink = None
        self.noting = self.watching = False
        self.recordings = 0
        self.wide, self.want_stacks = [], []
        self.started, self.native_used, self.test_files = WeakKeyDictionary(), Counter(), set()
        self.async_functions = {}
        self.plain_fixtures, self.sync_fixtures = set(), {}
        self._rooms: dict[type[Any], Any] = {}

    def one(self, kind: type[_T]) -> _T:
        """The session's one object of a class, made when it is first asked for."""
        found = self._rooms.get(kind)
        if found is None:
            found = self._rooms[kind] = kind()
        return cast("_T", found)

    def begin(self) -> object:
        """Start a session with a state of its own; return what `end` takes."""
        session = object()
        kept = {name: value for name, value in vars(self).items() if name not in _SHARED}
        self._outer.append((session, kept, self.patches.mark()))
        self._clear()
        return session

    def end(self, session: object) -> None:
        """Take out what was replaced since the session began, and give the outer session its state back."""
        if not any(known is session for known, _, _ in self._outer):
            return
        while True:
            ended, kept, mark = self._outer.pop()
            self.patches.remove_since(mark)
            vars(self).update(kept)
            if ended is session:
                return


_SHARED = ("patches", "_outer")

PROCESS = Process()
