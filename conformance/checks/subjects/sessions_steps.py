"""A session as a state machine: calls and requests one after the other, on every engine, against dictionaries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.instruments.clock import CLOCK, START
from conformance.checks.outcomes import Absent
from conformance.checks.references.sessions import CookieModel, SessionModel, UpdateRefused
from conformance.checks.registry import register_experiment
from conformance.checks.stage import Stage
from conformance.checks.subjects.cache import Call
from conformance.checks.subjects.sessions import (
    DATA,
    METHODS,
    asynchronous,
    listed,
    listed_of,
    printed,
    synchronous,
)
from conformance.checks.subjects.sessions_engines import (
    LIVE,
    OTHER,
    OWN,
    TAKEN,
    Data,
    SessionRows,
    Stored,
    engine_class,
    engine_module,
    opened,
    put,
    surroundings,
)

# The next request, which has the session's key alone; and so many seconds later.
RELOAD, WAIT = "reload", "wait"
_LEFT_OUT = ("load", "save", "create_model_instance", "clear_expired", "delete_test_cookie")
_STEPS = [
    call
    for name, found in METHODS.items()
    if name not in _LEFT_OUT
    for call in found
    if not call.kwargs or not name.startswith("get_expiry")
]
_OFTEN = [Call("save"), Call("save"), Call(RELOAD), Call(RELOAD), Call("cycle_key"), Call("flush"), Call("create")]
_WAITS = [Call(WAIT, (400,)), Call(WAIT, (2000,))]


@dataclass(frozen=True)
class SessionSteps:
    """The sessions that are stored, of which the first is ours unless it is a new one; what is called on it."""

    engine: str
    rows: SessionRows
    new: bool
    steps: tuple[Call, ...]


def _session_steps(engine: str, data: Data, new: bool, steps: list[Call]) -> SessionSteps:
    others = (Stored(OTHER, (("o", 1),), 100_000), Stored(TAKEN, (("t", 1),), 100_000))
    stored = (Stored(LIVE, data, 1000), *others)
    rows = SessionRows((), (), stored=stored, tabled=engine in ("db", "cached_db"))
    return SessionSteps(engine, rows, new, tuple(steps))


def session_steps(engine: str) -> st.SearchStrategy[SessionSteps]:
    """Up to seven calls; time passes where the engine does not read it from the files."""
    waits = _WAITS if engine in ("db", "cache", "cached_db", OWN) else []
    step = st.sampled_from(_STEPS) | st.sampled_from([*_OFTEN, *waits])
    return st.builds(
        _session_steps,
        st.just(engine),
        st.sampled_from(DATA[:5]),
        st.booleans(),
        st.lists(step, min_size=1, max_size=7),
    )


class _Player:
    """Plays the steps on a session, and notes what each gives and what is seen of the session then."""

    def __init__(self, stage: Stage, example: SessionSteps) -> None:
        self._stage = stage
        self._engine = example.engine
        self._steps = example.steps
        put(example.engine, example.rows)
        first = example.rows.stored[0]
        self._session = opened(example.engine, None if example.new else first, None if example.new else first.key)
        self._answers: list[Any] = []

    def sync(self) -> list[Any]:
        """By the synchronous methods."""
        for step in self._steps:
            if self._passes(step):
                continue
            try:
                given = synchronous(self._session, step.name)(*step.args, **dict(step.kwargs))
            except Exception as error:  # noqa: BLE001 - what a step raises is its answer, and the last
                self._ends(error)
                break
            self._note(given)
        return [*self._answers, self._contents()]

    async def asynchronous(self) -> list[Any]:
        """By the asynchronous ones."""
        from asgiref.sync import sync_to_async

        for step in self._steps:
            if self._passes(step):
                continue
            try:
                given = await asynchronous(self._stage, self._session, step.name)(*step.args, **dict(step.kwargs))
            except Absent:
                raise
            except Exception as error:  # noqa: BLE001 - as above
                self._ends(error)
                break
            self._note(given)
        return [*self._answers, await sync_to_async(self._contents)()]

    def _passes(self, step: Call) -> bool:
        """What is no call: time, and the next request."""
        if step.name == WAIT:
            CLOCK.seconds += step.args[0]
        elif step.name == RELOAD:
            self._session = engine_class(self._engine)(self._session.session_key)
        return step.name in (WAIT, RELOAD)

    def _note(self, given: Any) -> None:
        session = self._session
        key = session.session_key
        shown = "signed" if key and self._engine == "signed_cookies" else key
        self._answers.append((listed(given), (session.accessed, session.modified, session.is_empty(), shown)))

    def _ends(self, error: Exception) -> None:
        self._answers.append({"raises": type(error).__qualname__})

    def _contents(self) -> dict[str, Any]:
        """What a request would find under each key."""
        if self._engine == "signed_cookies":
            return {}
        keys = (LIVE, OTHER, *(f"r{number}".ljust(32, "x") for number in range(1, 8)))
        found = {key: dict(engine_class(self._engine)(key).items()) for key in keys}
        return {key: data for key, data in found.items() if data}


def _prepare(stage: Stage, example: SessionSteps) -> Sides:
    player = _Player(stage, example)
    return Sides(player.sync, player.asynchronous, model=(_expected(example),))


def _model(example: SessionSteps) -> SessionModel:
    first = example.rows.stored[0]
    if example.engine == "signed_cookies":
        written = None if example.new else dict(first.data)
        return CookieModel(None if example.new else "signed", {}, written=written)
    store = {each.key: (dict(each.data), START + each.lasts) for each in example.rows.stored}
    return SessionModel(None if example.new else first.key, store, ended_is_gone=example.engine in ("cache", OWN))


def _expected(example: SessionSteps) -> list[Any]:
    model = _model(example)
    answers: list[Any] = []
    for step in example.steps:
        if step.name == WAIT:
            model.now += step.args[0]
        elif step.name == RELOAD:
            model.reload()
        else:
            answer, goes_on = _answer(model, step)
            answers.append(answer)
            if not goes_on:
                break
    return [*answers, model.contents()]


def _answer(model: SessionModel, step: Call) -> tuple[Any, bool]:
    given = (*step.args, *(value for _, value in step.kwargs))
    try:
        value = getattr(model, step.name)(*given)
    except UpdateRefused:
        return {"raises": "UpdateError"}, False
    except KeyError:
        return {"raises": "KeyError"}, False
    return (listed_of(step.name, value), model.facts()), True


def _source(example: SessionSteps) -> tuple[str, str]:
    return "\n".join(_lines(example, "")), "\n".join(_lines(example, "a"))


def _lines(example: SessionSteps, prefix: str) -> Iterator[str]:
    key = None if example.new else LIVE
    yield f"from {engine_module(example.engine)} import SessionStore"
    yield from (f"# stored: {each.key!r}: {dict(each.data)!r}, for {each.lasts} s" for each in example.rows.stored)
    yield f"session = SessionStore({key!r})"
    for step in example.steps:
        if step.name == WAIT:
            yield f"# {step.args[0]} seconds later"
        elif step.name == RELOAD:
            yield "session = SessionStore(session.session_key)"
        else:
            yield f"await {step.source('session', prefix)}" if prefix else printed(step)


for _engine in ("db", "cache", "cached_db", "file", "signed_cookies", OWN):
    register_experiment(
        f"sessions.{_engine}.steps", session_steps(_engine), _prepare, _source, surroundings=surroundings
    )
