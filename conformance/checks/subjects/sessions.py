"""Each method of a session, on the engine that keeps sessions in a table; and what each other engine has of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.instruments import declare
from conformance.checks.outcomes import Absent
from conformance.checks.references.sessions import SessionModel
from conformance.checks.registry import register_experiment
from conformance.checks.stage import Stage
from conformance.checks.subjects.cache import Call, calls
from conformance.checks.subjects.sessions_engines import (
    EXPIRED,
    LIVE,
    OTHER,
    TAKEN,
    UNKNOWN,
    Data,
    SessionRows,
    Stored,
    opened,
    put,
    seen,
    surroundings,
)

MOMENT = datetime(2020, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
DATA: tuple[Data, ...] = (
    (("a", 1),),
    (("a", "é"), ("b", [1, None])),
    (("a", None), ("testcookie", "worked")),
    (("a", 1), ("_session_expiry", 0)),
    (("a", 1), ("_session_expiry", 600)),
    (("a", 1), ("_session_expiry", MOMENT.isoformat())),
    (),
)
_WITH_TEST_COOKIE = (DATA[2], DATA[2], DATA[0])
_KEYS = ("a", "b")
_EXPIRIES = (MOMENT + timedelta(days=1), MOMENT - timedelta(hours=1), 0, 70)
METHODS: dict[str, list[Call]] = {
    "get": calls("get", _KEYS, default=("d",)),
    "set": calls("set", _KEYS, (2, None)),
    "pop": calls("pop", _KEYS, default=("d", None)),
    "setdefault": calls("setdefault", _KEYS, (2,)),
    "update": calls("update", ({"a": 2}, {"c": None}, {})),
    "has_key": calls("has_key", _KEYS),
    "keys": [Call("keys")],
    "values": [Call("values")],
    "items": [Call("items")],
    "set_test_cookie": [Call("set_test_cookie")],
    "test_cookie_worked": [Call("test_cookie_worked")],
    "delete_test_cookie": [Call("delete_test_cookie")],
    "set_expiry": calls("set_expiry", (0, 300, None, MOMENT, timedelta(minutes=5))),
    "get_expiry_age": calls("get_expiry_age", modification=(MOMENT,), expiry=_EXPIRIES),
    "get_expiry_date": calls("get_expiry_date", modification=(MOMENT,), expiry=(MOMENT + timedelta(days=1), 0, 70)),
    "get_expire_at_browser_close": [Call("get_expire_at_browser_close")],
    "create": [Call("create")],
    "save": calls("save", must_create=(True, False)),
    "load": [Call("load")],
    "delete": [Call("delete"), *calls("delete", (LIVE, OTHER, UNKNOWN, None))],
    "exists": calls("exists", (LIVE, OTHER, EXPIRED, UNKNOWN)),
    "flush": [Call("flush")],
    "cycle_key": [Call("cycle_key")],
    "clear_expired": [Call("clear_expired")],
    "create_model_instance": calls("create_model_instance", ({}, {"a": 1})),
}
# What is asked of the engine; the other methods are those of every session.
STORING = ("create", "save", "load", "delete", "exists", "flush", "cycle_key", "clear_expired")
_ENGINES = ("db", "cache", "cached_db", "file", "signed_cookies")
# Where the engine has no method of its own, the entry of the table's says it all.
_OWN = {
    "cache": ("create", "save", "load", "delete", "exists", "clear_expired"),
    "cached_db": ("save", "load", "delete", "exists", "flush"),
    "file": ("create", "save", "load", "delete", "exists", "clear_expired"),
    "signed_cookies": ("create", "save", "load", "delete", "exists", "cycle_key", "clear_expired"),
}


@dataclass(frozen=True)
class SessionCall:
    """The sessions that are stored; which of them it is; what was done with it; what is called then."""

    engine: str
    rows: SessionRows
    key: str | None
    before: tuple[Call, ...]
    call: Call

    @property
    def stored(self) -> Stored | None:
        """The session as it is stored; None where it is not."""
        return next((each for each in self.rows.stored if each.key == self.key), None)


def _session_call(
    engine: str, data: Data, key: str | None, before: tuple[Call, ...], call: Call, cached: bool = False
) -> SessionCall:
    others = (Stored(EXPIRED, data, -1000), Stored(OTHER, (("o", 1),), 1000), Stored(TAKEN, (("t", 1),), 1000))
    stored = (Stored(LIVE, data, 1000), *others)
    rows = SessionRows((), (), stored=stored, tabled=engine in ("db", "cached_db"), cached=cached)
    return SessionCall(engine, rows, key, before, call)


_BEFORE = ((), (), (Call("get", ("a",)),), (Call("set", ("z", 1)),))


def session_calls(engine: str, name: str) -> st.SearchStrategy[SessionCall]:
    """Calls of one method; mostly of a session that is there."""
    return st.builds(
        _session_call,
        st.just(engine),
        st.sampled_from(_WITH_TEST_COOKIE if "test_cookie" in name else DATA),
        st.sampled_from((LIVE, LIVE, LIVE, None, EXPIRED, UNKNOWN)),
        st.sampled_from(_BEFORE),
        st.sampled_from(METHODS[name]),
        st.booleans() if engine == "cached_db" else st.just(False),
    )


def prepare(stage: Stage, example: SessionCall) -> Sides:
    """The session as it is before the call, and the call in both ways."""
    put(example.engine, example.rows)
    session = opened(example.engine, example.stored, example.key)
    for call in example.before:
        synchronous(session, call.name)(*call.args)
    return replace(_sides(stage, session, example.call), held=(partial(seen, session, example.engine),))


def synchronous(session: Any, name: str) -> Callable[..., Any]:
    """`session[key] = value` has a name in the asynchronous interface alone."""
    found: Callable[..., Any] = session.__setitem__ if name == "set" else getattr(session, name)
    return found


def asynchronous(stage: Stage, session: Any, name: str) -> Callable[..., Any]:
    """The asynchronous method. Raises `Absent` where this version has none."""
    return stage.adapter.asynchronous(session, name)


def _sides(stage: Stage, session: Any, call: Call) -> Sides:
    kwargs = dict(call.kwargs)
    if not hasattr(session, call.name) and call.name != "set":
        raise Absent(f"this engine has no {call.name}")
    found = asynchronous(stage, session, call.name)

    async def awaited() -> Any:
        return listed(await asynchronous(stage, session, call.name)(*call.args, **kwargs))

    return Sides(
        sync=lambda: listed(synchronous(session, call.name)(*call.args, **kwargs)),
        asynchronous=awaited,
        declared=(declare(synchronous(session, call.name)), declare(found)),
    )


def listed(value: Any) -> Any:
    """Views of a dictionary as what they are and what they show: two views of equal values are not equal."""
    if type(value).__name__ in ("dict_keys", "dict_values", "dict_items"):
        return type(value).__name__, list(value)
    return value


def model_of(example: SessionCall) -> SessionModel:
    """The reference model of the session and its store, before the call."""
    from conformance.checks.instruments.clock import START

    store = {each.key: (dict(each.data), START + each.lasts) for each in example.rows.stored}
    model = SessionModel(example.key, store)
    for call in example.before:
        getattr(model, call.name)(*call.args)
    return model


def _with_model(stage: Stage, example: SessionCall) -> Sides:
    """For what every session does alike, whatever its engine."""
    sides = prepare(stage, example)
    if example.call.kwargs and example.call.name.startswith("get_expiry"):
        return sides
    try:
        expected = listed_of(example.call.name, getattr(model_of(example), example.call.name)(*_given(example.call)))
    except KeyError:
        expected = {"raises": "KeyError"}
    return replace(sides, model=(expected,))


def _given(call: Call) -> tuple[Any, ...]:
    return (*call.args, *(value for _, value in call.kwargs))


def listed_of(name: str, value: Any) -> Any:
    """What the model gives, as results show it."""
    return (f"dict_{name}", value) if name in ("keys", "values", "items") else value


def source(example: SessionCall) -> tuple[str, str]:
    """The Python of both sides."""
    return _lines(example, ""), _lines(example, "a")


def _lines(example: SessionCall, prefix: str) -> str:
    lines = [f"from django.contrib.sessions.backends.{example.engine} import SessionStore"]
    lines += [f"# stored: {each.key!r}: {dict(each.data)!r}, for {each.lasts} s" for each in example.rows.stored]
    lines += [f"session = SessionStore({example.key!r})", *(printed(call) for call in example.before)]
    return "\n".join([*lines, f"await {example.call.source('session', prefix)}" if prefix else printed(example.call)])


def printed(call: Call) -> str:
    """The synchronous call."""
    return f"session[{call.args[0]!r}] = {call.args[1]!r}" if call.name == "set" else call.source("session")


for _name in METHODS:
    register_experiment(
        f"sessions.db.a{_name}" if _name in STORING or _name == "create_model_instance" else f"sessions.a{_name}",
        session_calls("db", _name),
        prepare if _name in STORING or _name == "create_model_instance" else _with_model,
        source,
        surroundings=surroundings,
    )
for _engine, _names in _OWN.items():
    for _name in _names:
        register_experiment(
            f"sessions.{_engine}.a{_name}", session_calls(_engine, _name), prepare, source, surroundings=surroundings
        )
