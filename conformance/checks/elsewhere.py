"""What a reference model says of another alias: rows know it, and no statement goes to another one."""

from __future__ import annotations

from typing import Any

from conformance.strategies.code import Chain, Step
from conformance.strategies.meanwhile import SECOND_ALIAS

_USING = Step("using", (SECOND_ALIAS,))


def alias_of(target: Any) -> str:
    """The alias that a queryset or the owner of a manager is asked of first."""
    return SECOND_ALIAS if isinstance(target, Chain) and target.steps[:1] == (_USING,) else "default"


def on_alias(value: Any, alias: str) -> Any:
    """What a model gives for rows of `default`, as it is for rows of the alias."""
    if alias == "default":
        return value
    if isinstance(value, dict):
        return {key: alias if key == "using" and each else on_alias(each, alias) for key, each in value.items()}
    return type(value)(on_alias(each, alias) for each in value) if type(value) in (list, tuple) else value
