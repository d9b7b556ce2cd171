"""Check a value against a JSON Schema, and say what is wrong in a sentence for people."""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

# The fields by which people know an item of a list.
_NAMES = ("id", "match")


class SchemaChecker:
    """A JSON Schema, ready to check many values."""

    def __init__(self, schema: dict[str, Any]) -> None:
        from jsonschema import Draft202012Validator

        self._validator = Draft202012Validator(schema)

    def problem(self, value: object) -> str | None:
        """The most telling problem of the value, or None if the schema holds."""
        from jsonschema.exceptions import best_match

        error = best_match(self._validator.iter_errors(value))
        if error is None:
            return None
        where = _where(value, error.absolute_path)
        return f"in {where}: {_what(error)}" if where else _what(error)


def _where(value: Any, path: Iterable[str | int]) -> str:
    parts: list[str] = []
    for step in path:
        value = value[step]
        name = next((value[key] for key in _NAMES if isinstance(value, dict) and key in value), None)
        if isinstance(step, str):
            parts.append(step)
        else:
            parts.append(f"number {step + 1}" + (f" ({_short(name)})" if name is not None else ""))
    return ", ".join(parts)


def _what(error: ValidationError) -> str:
    wanted: Any = error.validator_value
    match error.validator:
        case "required":
            return (
                f"{_listed(name for name in wanted if name not in cast('dict[str, Any]', error.instance))} is missing"
            )
        case "additionalProperties" | "unevaluatedProperties":
            return _unknown_names(error)
        case "type":
            return f"it must be of the type {_type(wanted)}, not {_short(error.instance)}"
        case "enum":
            return f"it must be one of {', '.join(map(str, wanted))}, not {_short(error.instance)}"
        case "const":
            return f"it must be {wanted!r}, not {_short(error.instance)}"
        case "pattern":
            form = _rule(error).get("description") or f"a text of the form {wanted}"
            return f"it must be {form}, not {_short(error.instance)}"
        case "minItems" | "minLength" | "minProperties":
            return "it must not be empty"
        case _:
            return error.message if len(error.message) < 200 else f"{error.message[:200]}…"


def _unknown_names(error: ValidationError) -> str:
    known = sorted(_rule(error).get("properties", ()))
    unknown = sorted(set(cast("dict[str, Any]", error.instance)) - set(known))
    near = difflib.get_close_matches(unknown[0], known, n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(known)}"
    return f"{_listed(unknown)} is not a known name; {hint}"


def _rule(error: ValidationError) -> dict[str, Any]:
    return cast("dict[str, Any]", error.schema)


def _type(wanted: str | list[str]) -> str:
    return wanted if isinstance(wanted, str) else " or ".join(wanted)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _short(value: object) -> str:
    shortener = reprlib.Repr()
    shortener.maxstring = shortener.maxother = 80
    return shortener.repr(value)
