"""All judges by name."""

from __future__ import annotations

from conformance.judges import database, signals, surroundings, values
from conformance.judges.ruling import Judge, Ruling
from conformance.observations import Pair

PANEL: dict[str, Judge] = {
    "result": values.result,
    "model": values.model,
    "exception": values.exception,
    "statements": database.statements,
    "signature": surroundings.signature,
    "declaration": surroundings.declaration,
    "signals": signals.signals,
    "state": surroundings.state,
    "committed": database.committed,
    "threads": surroundings.threads,
    "loop": surroundings.loop,
    "leftovers": surroundings.leftovers,
    "override": surroundings.override,
    "cancelled": database.cancelled,
}


def judge(name: str, pair: Pair) -> Ruling | None:
    """What the named judge has against the pair. Raises `KeyError` for a judge that does not exist."""
    return PANEL[name](pair)


def refusal(pair: Pair) -> str:
    """The documented refusal before any statement, which is no disagreement; empty if it was none."""
    error = pair.asynchronous.error
    refused = error is not None and error.type == "django.core.exceptions.SynchronousOnlyOperation"
    return str(error) if refused and not pair.asynchronous.statements else ""
