"""Which signals are sent: the same as by the twin, and such that one agrees with the other and with the statements."""

from __future__ import annotations

from collections import Counter
from typing import Any

from conformance.judges.ruling import Ruling
from conformance.observations import Observation, Pair, Sent, SignalSent

# Of what receivers are told before and after, this is the same; the instance is another by then.
_SAME = ("using", "update_fields", "raw", "pk_set", "reverse", "model")


def signals(pair: Pair) -> Ruling | None:
    """The same signals with the same arguments, in the same order; one after for each before, which says the same."""
    found = pair.asynchronous
    if found.signals != pair.sync.signals:
        return Ruling(
            "Other signals are sent than by the synchronous operation.",
            pair.sync.signals,
            found.signals,
            silent=found.error is None,
        )
    return _turned(found) or (None if found.error is not None else _unpaired(found) or _belied(found))


def _turned(found: Observation) -> Ruling | None:
    """Django names the table between after the model that has the field: seen from there alone it is not reversed.

    No relation of the sample app leads from a model to itself: of such a one this could not be said.
    """
    for sent in found.signals:
        given, (owner, _, field) = dict(sent.arguments), sent.sender.rpartition(".")[2].partition("_")
        if not field or not {"reverse", "model"} <= given.keys():
            continue
        reverse, model = given["reverse"], given["model"]
        if reverse is not (model == owner):
            told = f"reverse={reverse} with model={model}"
            return Ruling("A signal tells another side.", f"reverse={model == owner}", told, silent=True)
    return None


def _unpaired(found: Observation) -> Ruling | None:
    """What is told before is told after, as often, save where a save has failed whose error somebody caught."""
    before, after = (Counter(_told(each, when) for each in found.signals) for when in ("pre", "post"))
    before.pop("", None)
    after.pop("", None)
    if before == after or (before > after and _has_failed(found, before - after)):
        return None
    return Ruling(
        "What is told before and after is not the same.",
        sorted((before - after).elements()) or "nothing more before",
        sorted((after - before).elements()) or "nothing more after",
        silent=True,
    )


def _has_failed(found: Observation, lost: Counter[str]) -> bool:
    """Whether what is told before alone are saves, for which no statement was run to its end."""
    saved = sum(each.name == "pre_save" for each in found.signals)
    written = sum(_verb(each) in {"INSERT", "UPDATE"} and not each.failed for each in found.statements)
    return written < saved and all(told.startswith("save ") for told in lost)


def _verb(sent: Sent) -> str:
    return sent.sql.lstrip().partition(" ")[0].upper()


def _told(sent: SignalSent, when: str) -> str:
    """What a signal of that time tells, but for the time; empty for any other."""
    given = dict(sent.arguments)
    name = str(given.get("action", sent.name))
    if not name.startswith(f"{when}_"):
        return ""
    told = ", ".join(f"{key}={_in_order(given[key])!r}" for key in _SAME if key in given)
    return f"{name.removeprefix(f'{when}_')} of {sent.sender}: {told}"


def _in_order(value: Any) -> Any:
    return sorted(value, key=repr) if isinstance(value, (set, frozenset)) else value


def _belied(found: Observation) -> Ruling | None:
    """What is told to be created was inserted, and what is told not to be was not the only thing that was done."""
    sent = {_verb(statement) for statement in found.statements}
    saved = {dict(each.arguments).get("created") for each in found.signals if each.name == "post_save"}
    if True in saved and "INSERT" not in sent:
        return Ruling("A signal says that a row was created.", "an INSERT", sorted(sent), silent=True)
    if saved == {False} and "INSERT" in sent and "UPDATE" not in sent:
        return Ruling("A signal says that a row was not created.", "an UPDATE", sorted(sent), silent=True)
    return None
