"""Read expectations from TOML, checked against their schema."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from conformance.case import NEVER_EXCUSED, ExitCode, SchemaChecker, SuiteError
from conformance.expectations.model import Expectation, Expectations, Flaky, Quarantine
from conformance.expectations.when import When

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

RuleType = TypeVar("RuleType", Expectation, Flaky, Quarantine)


def load_expectations(path: Path) -> Expectations:
    """The expectations of one file. Raises `SuiteError` (bad input) that says where in the file what is wrong."""
    document = _plain(_parse(path))
    problem = _never_excused(document) or SchemaChecker(expectations_schema()).problem(document)
    if problem is not None:
        raise _invalid(path, problem)
    return Expectations(
        expect=_rules(path, document, "expect", Expectation),
        flaky=_rules(path, document, "flaky", Flaky),
        quarantine=_rules(path, document, "quarantine", Quarantine),
    )


def expectations_schema() -> dict[str, Any]:
    """The JSON Schema of an expectations file. Dates of TOML count as text."""
    schema: dict[str, Any] = json.loads((files("conformance.expectations") / "schema.json").read_text("utf-8"))
    return schema


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise _invalid(path, error.strerror or str(error), _NO_FILE) from error
    except OSError as error:
        raise _invalid(path, error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise _invalid(path, "it is not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise _invalid(path, f"it is not TOML: {error}") from error


def _plain(value: Any) -> Any:
    """TOML's dates as text, which is what JSON Schema knows."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def _never_excused(document: dict[str, Any]) -> str | None:
    """The schema refuses these outcomes too, but it cannot say why."""
    rules = document.get("expect", [])
    for number, rule in enumerate(rules if isinstance(rules, list) else [], start=1):
        outcome = rule.get("outcome") if isinstance(rule, dict) else None
        if isinstance(outcome, str) and outcome in NEVER_EXCUSED:
            return (
                f"in expect, number {number} ({rule.get('match')!r}), outcome: {outcome!r} is never excused"
                " (a known hang goes into [[quarantine]])"
            )
    return None


def _rules(path: Path, document: dict[str, Any], kind: str, make: Callable[..., RuleType]) -> tuple[RuleType, ...]:
    return tuple(_rule(path, kind, number, item, make) for number, item in enumerate(document.get(kind, ()), start=1))


def _rule(path: Path, kind: str, number: int, item: dict[str, Any], make: Callable[..., RuleType]) -> RuleType:
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in item.items()}
    if "class" in fields:
        fields["classified"] = fields.pop("class")
    try:
        fields["when"] = When.from_dict(item.get("when", {}))
        if "expires" in fields:
            fields["expires"] = date.fromisoformat(fields["expires"])
    except ValueError as error:
        raise _invalid(path, f"in {kind}, number {number} ({item['match']!r}): {error}") from error
    return make(**fields, place=f"[[{kind}]] number {number} of {path.name} ({item['match']})")


_NO_FILE = "Name yours with --expectations, or let `async-orm-conformance expect init` write one from results."
_WRONG = "Correct the file; `async-orm-conformance schema expectations` prints what it may say."


def _invalid(path: Path, problem: str, remedy: str = _WRONG) -> SuiteError:
    return SuiteError(f"The expectations in {path} cannot be read: {problem}.", remedy, ExitCode.BAD_INPUT)
