"""Engines of a project's own, which override what the synchronous session is made of."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.registry import register_experiment
from conformance.checks.stage import Stage
from conformance.checks.subjects.cache import Call
from conformance.checks.subjects.sessions import (
    DATA,
    METHODS,
    STORING,
    SessionCall,
    listed,
    prepare,
    source,
    synchronous,
)
from conformance.checks.subjects.sessions_engines import LIVE, OTHER, Data, SessionRows, Stored, seen, surroundings
from conformance.checks.twins import overriding_method
from conformance.strategies import Rows

_CALLED = {name: found[0] for name, found in METHODS.items()}


def _live_session(engine: str, data: Data, call: Call) -> SessionCall:
    stored = (Stored(LIVE, data, 1000), Stored(OTHER, (), 1000))
    rows = SessionRows((), (), stored=stored, tabled=engine in ("db", "cached_db"))
    return SessionCall(engine, rows, LIVE, (), call)


def _calls(engine: str, names: tuple[str, ...]) -> st.SearchStrategy[SessionCall]:
    return st.builds(
        _live_session, st.just(engine), st.sampled_from(DATA[:2]), st.sampled_from([_CALLED[name] for name in names])
    )


def _overridden(stage: Stage, example: SessionCall) -> Sides:
    sides = prepare(stage, example)
    (session,) = (held.args[0] for held in sides.held if isinstance(held, functools.partial))
    name = "__setitem__" if example.call.name == "set" else example.call.name
    return replace(sides, overriding=overriding_method(session, name))


def _source(example: SessionCall) -> tuple[str, str]:
    sync, asynchronous = source(example)
    subclass = f"# a subclass of SessionStore overrides `{example.call.name}`"
    return f"{subclass}\n{sync}", f"{subclass}\n{asynchronous}"


_ACCESSORS = tuple(name for name in METHODS if name not in STORING and name != "create_model_instance")


def _register(entry: str, engine: str, names: tuple[str, ...]) -> None:
    """Each method has its turn, and is overridden in it."""
    register_experiment(
        entry,
        _calls(engine, names),
        _overridden,
        _source,
        surroundings=surroundings,
        vary=lambda example, turn: replace(example, call=_CALLED[names[turn % len(names)]]),
        overridden=True,
    )


_register("sessions.overridden", "db", _ACCESSORS)
for _engine in ("db", "cache", "cached_db", "file", "signed_cookies"):
    _register(f"sessions.{_engine}.overridden", _engine, STORING)


@dataclass(frozen=True)
class Extending:
    """What a session holds when it is saved by an engine that the documentation shows: one with a column more."""

    rows: Rows
    data: Data


def _extended(stage: Stage, example: Extending) -> Sides:
    """As in "Extending database-backed session engines": the instance that is stored is made by the subclass."""
    from conformance.checks.subjects.sessions_engines import engine_class, put

    put("db", SessionRows((), ()))

    class SessionStore(engine_class("db")):  # type: ignore[misc]
        def create_model_instance(self, data: Any) -> Any:
            return super().create_model_instance({**data, "made by": "the subclass"})

    session = SessionStore(LIVE)
    session.update(dict(example.data))

    async def asynchronous() -> Any:
        return listed(await stage.adapter.asynchronous(session, "save")())

    return Sides(
        sync=lambda: synchronous(session, "save")(),
        asynchronous=asynchronous,
        held=(functools.partial(seen, session, "db"),),
    )


def _extended_source(example: Extending) -> tuple[str, str]:
    made = "return super().create_model_instance({**data, 'made by': 'the subclass'})"
    lines = [
        "class SessionStore(django.contrib.sessions.backends.db.SessionStore):",
        "    def create_model_instance(self, data):",
        f"        {made}",
        f"session = SessionStore({LIVE!r})",
        f"session.update({dict(example.data)!r})",
    ]
    return "\n".join([*lines, "session.save()"]), "\n".join([*lines, "await session.asave()"])


def _extending(data: Data) -> Extending:
    return Extending(SessionRows((), (), stored=(Stored(LIVE, data, 1000),)), data)


register_experiment(
    "sessions.db.asave.extended",
    st.sampled_from(DATA).map(_extending),
    _extended,
    _extended_source,
    surroundings=surroundings,
)
