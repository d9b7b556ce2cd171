"""Values as the Python that a reader would write; of the suite's own classes nothing is seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from conformance.observations import Raised, Sent, SignalSent


def code_of(value: Any) -> str:
    """The value as Python, on one line. An instance is written as the call that makes it."""
    if isinstance(value, dict):
        return _instance(value) if "model" in value and "using" in value else _mapping(value)
    if isinstance(value, (list, set, frozenset)) or type(value) is tuple:
        return _collection(value)
    if isinstance(value, (Raised, Sent, SignalSent)):
        return _OBSERVED[type(value)](value)
    if is_dataclass(value) and not isinstance(value, type):
        return f"({', '.join(f'{name}={code_of(item)}' for name, item in _fields(value))})"
    return value.__qualname__ if isinstance(value, type) else str(value) if isinstance(value, Enum) else repr(value)


def assignments(example: Any, *, without: tuple[str, ...] = ("rows",)) -> str:
    """An example's fields as assignments, one a line; what is empty or stands elsewhere is left out."""
    if not is_dataclass(example) or isinstance(example, type):
        return f"example = {code_of(example)}"
    told = ((name, value) for name, value in _fields(example) if name not in without)
    return "\n".join(f"{name} = {code_of(value)}" for name, value in told if value not in ((), None))


def _fields(value: Any) -> Iterator[tuple[str, Any]]:
    for field in fields(value):
        yield field.name, getattr(value, field.name)


def _mapping(value: dict[Any, Any]) -> str:
    if set(value) == {"raises"}:
        return f"raises {value['raises']}"
    return f"{{{', '.join(f'{code_of(key)}: {code_of(item)}' for key, item in value.items())}}}"


def _instance(value: dict[str, Any]) -> str:
    """`Post(id=1, title='a')`; what is not as it is after loading from the default database is said behind it."""
    name = str(value["model"]).rpartition(".")[2]
    given = [f"{key}={code_of(item)}" for key, item in value.items() if key not in ("model", "adding", "using")]
    notes = ["not saved"] if value.get("adding") else []
    notes += [f"on {value['using']!r}"] if value["using"] not in (None, "default") else []
    return f"{name}({', '.join(given)}){f' <{chr(44).join(notes)}>' if notes else ''}"


def _collection(value: Any) -> str:
    inside = ", ".join(map(code_of, sorted(value, key=repr) if isinstance(value, (set, frozenset)) else value))
    if isinstance(value, list):
        return f"[{inside}]"
    if isinstance(value, tuple):
        return f"({inside}{',' if len(value) == 1 else ''})"
    return f"{{{inside}}}" if value else "set()"


def _sent(sent: Sent) -> str:
    return f"{sent.sql}{f'  with {code_of(sent.params)}' if sent.params else ''}"


def _signal(signal: SignalSent) -> str:
    given = ", ".join(f"{name}={code_of(value)}" for name, value in signal.arguments)
    return f"{signal.name} from {signal.sender}({given})"


_OBSERVED: dict[type, Callable[[Any], str]] = {Raised: str, Sent: _sent, SignalSent: _signal}
