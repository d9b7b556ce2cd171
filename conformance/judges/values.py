"""What a call gave or raised."""

from __future__ import annotations

import re

from conformance.judges.ruling import Ruling
from conformance.observations import Observation, Pair, Raised

# A message may name the method that was called: `acount()` stands for `count()`.
_TWINS = re.compile(r"\ba(\w+\(\))")
# In what stands behind SET, a column that is set.
_SET = re.compile(r"""(?:^|, )["`](\w+)["`] = """)


def result(pair: Pair) -> Ruling | None:
    """The same value of the same type; an exception on one side alone is a difference of results."""
    sync, found = pair.sync, pair.asynchronous
    if sync.error and not found.error:
        return Ruling(
            "The synchronous operation raises, the asynchronous one does not.", _outcome(sync), found.value, silent=True
        )
    if found.error and not sync.error:
        return Ruling(
            "The asynchronous operation raises, the synchronous one does not.", _outcome(sync), _outcome(found)
        )
    if found.error or sync.error:
        return None
    if found.value != sync.value:
        return Ruling("The result differs from the synchronous operation's.", sync.value, found.value, silent=True)
    if found.type != sync.type:
        return Ruling("The result is of another type than the synchronous operation's.", sync.type, found.type)
    return None


def model(pair: Pair) -> Ruling | None:
    """The value that the reference model gives; where the operation raises, the model says the exception."""
    found = pair.asynchronous
    if _is_beyond(pair.sync) and _is_beyond(found):
        return None
    observed = {"raises": found.error.type.rpartition(".")[2]} if found.error else found.value
    if pair.model and observed != pair.model[0]:
        expected = pair.model[0]
        return Ruling(
            "The result is not what the reference model says.", expected, observed, silent=found.error is None
        )
    if pair.left is not None and found.error is None and found.committed != pair.left:
        return Ruling(
            "The database does not hold what the reference model says.", pair.left, found.committed, silent=True
        )
    return _astray(pair) or (None if pair.columns is None else _overwriting(found, pair.columns))


def _astray(pair: Pair) -> Ruling | None:
    """No statement is sent to another alias than that of the rows that the call is about."""
    asked = {sent.alias for sent in pair.asynchronous.statements}
    if not pair.alias or asked <= {pair.alias}:
        return None
    return Ruling("Statements are sent to another alias.", [pair.alias], sorted(asked), silent=True)


def _overwriting(found: Observation, columns: frozenset[str]) -> Ruling | None:
    """No UPDATE sets a column that is not changed: what another has written to it meanwhile would be lost."""
    updates = (sql.partition(" SET ")[2] for sql in found.sql if sql.startswith("UPDATE"))
    more = {name for sql in updates for name in _SET.findall(sql)} - columns
    if not more:
        return None
    return Ruling("An UPDATE sets columns that are not changed.", sorted(columns), sorted(columns | more), silent=True)


def _is_beyond(observation: Observation) -> bool:
    """Whether the database refused a number that is beyond what it computes with: each has another limit."""
    return observation.error is not None and observation.error.type.rpartition(".")[2] == "DataError"


def exception(pair: Pair) -> Ruling | None:
    """The same type, message and cause; and a connection that answers, as it does on the other side."""
    expected, observed = pair.sync.error, pair.asynchronous.error
    if expected is None and observed is None:
        return None
    if observed is None:
        return Ruling("An exception is swallowed.", str(expected), "nothing was raised", silent=True)
    if expected is None:
        return Ruling("It raises where the synchronous operation does not.", "nothing is raised", str(observed))
    if observed.type != expected.type:
        return Ruling("It raises another exception.", str(expected), str(observed))
    if _TWINS.sub(r"\1", observed.message) != _TWINS.sub(r"\1", expected.message):
        return Ruling("The exception has another message.", str(expected), str(observed))
    return _aftermath(expected, observed)


def _aftermath(expected: Raised, observed: Raised) -> Ruling | None:
    if observed.causes != expected.causes:
        return Ruling("The exception has another cause.", expected.causes, observed.causes)
    if expected.usable and not observed.usable:
        return Ruling("The connection is not usable afterwards.", "it answers", "it does not", silent=True)
    return None


def _outcome(observation: Observation) -> object:
    return str(observation.error) if observation.error else observation.value
