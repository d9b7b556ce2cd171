"""What happens around a call: declarations, the caller's objects, threads, the loop, what is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from conformance.judges.ruling import Ruling
from conformance.observations import STALE, Declaration, Observation, Pair

# What an instrument calls by a name of its own.
_WORK = {"conformance.hashing": "the hashing of a password"}


def signature(pair: Pair) -> Ruling | None:
    """The same parameters, kinds and defaults, and the same marks."""
    if pair.declared is None:
        return None
    sync, found = pair.declared
    if found.parameters != sync.parameters:
        return Ruling("It takes other arguments than its twin.", _signature(sync), _signature(found))
    for mark in ("alters_data", "queryset_only"):
        if getattr(found, mark) != getattr(sync, mark):
            return Ruling(f"Its mark `{mark}` differs from its twin's.", getattr(sync, mark), getattr(found, mark))
    return None


def declaration(pair: Pair) -> Ruling | None:
    """A coroutine function by what `inspect` says, with a docstring where its twin has one."""
    if pair.declared is None:
        return None
    sync, found = pair.declared
    if found.kind == "function":
        return Ruling("It is not declared as a coroutine function.", "a coroutine function", found.kind)
    if sync.documented and not found.documented:
        return Ruling("It has no docstring, and its twin has one.", "a docstring", "none")
    return None


def _signature(declared: Declaration) -> str:
    parts = [f"{name}: {kind}{' = ' + default if default else ''}" for name, kind, default in declared.parameters]
    return f"({', '.join(parts)})"


def state(pair: Pair) -> Ruling | None:
    """The objects that the caller holds are as the synchronous operation leaves them."""
    if pair.asynchronous.state != pair.sync.state:
        return Ruling(
            "The objects that the caller holds are not as the synchronous operation leaves them.",
            pair.sync.state,
            pair.asynchronous.state,
            silent=pair.asynchronous.error is None,
        )
    if pair.asynchronous.error is None and STALE in repr(pair.asynchronous.state):
        return Ruling(
            "An instance keeps a related object that its column does not name.",
            "the related object that the column names, or none",
            pair.asynchronous.state,
            silent=True,
        )
    return None


def threads(pair: Pair) -> Ruling | None:
    """Every statement on the thread for thread-sensitive code; context variables seen there, and changes seen here."""
    found = pair.asynchronous
    astray = [statement.thread for statement in found.statements if statement.thread == "other"]
    if astray:
        return Ruling(
            "A statement ran on a thread that is not the one for thread-sensitive code: on another connection.",
            "the thread for thread-sensitive code",
            f"{len(astray)} of {len(found.statements)} statements elsewhere",
        )
    seen, expected = ([sent.context for sent in side.statements] for side in (found, pair.sync))
    if seen != expected and None in seen:
        return Ruling(
            "The caller's context variable is not seen where the statements run.",
            _variable(expected),
            _variable(seen),
            silent=True,
        )
    if _alike(pair) and (seen, found.context) != (expected, pair.sync.context):
        return Ruling(
            "A change of a context variable does not come back to the caller.",
            _variable(expected, pair.sync.context),
            _variable(seen, found.context),
            silent=True,
        )
    return None


def _variable(seen: Sequence[int | None], afterwards: int | None = None) -> str:
    """What the variable, to which each call adds one, was at the statements, and for the caller in the end."""
    told = [f"{'not there' if value is None else value} at statement {number}" for number, value in enumerate(seen, 1)]
    told += [] if afterwards is None else [f"{afterwards} for the caller afterwards"]
    return f"the variable, to which each call adds one: {', '.join(told) or 'nothing'}"


def _alike(pair: Pair) -> bool:
    """Whether as much was called on both sides: each call changes the variable. What differs, another judge says."""
    sync, found = pair.sync, pair.asynchronous
    counts = [(side.overridden, len(side.statements), len(side.signals)) for side in (sync, found)]
    return counts[0] == counts[1] and (sync.error is None) == (found.error is None)


def loop(pair: Pair) -> Ruling | None:
    """No statement, no input or output and no wait on the event loop's thread."""
    if pair.asynchronous.blocking:
        blocking = ", ".join(_WORK.get(what, what) for what in pair.asynchronous.blocking)
        return Ruling("The event loop is blocked.", "nothing on its thread", f"on its thread: {blocking}")
    return None


def leftovers(pair: Pair) -> Ruling | None:
    """Nothing is left behind that the synchronous operation does not leave; both warn of the same, and log the same."""
    sync, found = (_left(side, pair) for side in (pair.sync, pair.asynchronous))
    more = {kind: found[kind] for kind in found if found[kind] != sync[kind] and found[kind]}
    if more:
        return Ruling("Something is left behind.", {kind: sync[kind] for kind in more}, more)
    lost = {kind: sync[kind] for kind in ("warnings", "logged") if sync[kind] != found[kind]}
    if lost and (pair.sync.error is None) == (pair.asynchronous.error is None):
        return Ruling("Of what the synchronous operation warns of, or logs, nothing is said.", lost, {})
    return None


def _left(side: Observation, pair: Pair) -> dict[str, Any]:
    left = asdict(side.leftovers)
    # Their texts name the function that was called. And that something can be overridden no longer, or not yet, is what
    # a warning is there to say.
    kinds = {text.partition(":")[0] for text in left["warnings"]}
    left["warnings"] = tuple(sorted(kinds)) if pair.sync.overridden is None else ()
    return left


def override(pair: Pair) -> Ruling | None:
    """A method that a subclass overrides is called by the asynchronous variant as well."""
    sync, found = pair.sync.overridden, pair.asynchronous.overridden
    if sync and not found and not pair.asynchronous.error:
        return Ruling(
            "A subclass overrides the synchronous method, and the asynchronous one passes it by.",
            "the overriding method is called",
            "it is not called",
            silent=True,
        )
    return None


def without_messages(pair: Pair) -> Pair:
    """The pair with the exceptions' messages left out, for an entry whose texts rightly name the method."""
    sides = (pair.sync, pair.asynchronous)
    sync, found = (replace(side, error=side.error and replace(side.error, message="")) for side in sides)
    return replace(pair, sync=sync, asynchronous=found)
