"""What reached the database."""

from __future__ import annotations

import re
from typing import Any

from conformance.judges.ruling import Ruling
from conformance.observations import Pair, Sent

# A list of parameters, or of rows of parameters.
_IN = re.compile(r"IN \((?P<first>%s|\(%s(?:, %s)*\))(?:, (?P=first))*\)")


def statements(pair: Pair) -> Ruling | None:
    """The same statements with the same parameters, to the same database, in the same order and transactions, whose
    rows are read alike: all at once, or as many at a time.
    """
    expected = [_identity(statement) for statement in pair.sync.statements]
    observed = [_identity(statement) for statement in pair.asynchronous.statements]
    if observed != expected:
        sync, found = ([_told(statement) for statement in side.statements] for side in (pair.sync, pair.asynchronous))
        return Ruling("The statements differ from the synchronous operation's.", sync, found)
    return None


def _told(statement: Sent) -> str:
    """`SELECT … with (1,), in autocommit`; a database other than `default` is named."""
    *_, where, _ = _identity(statement)
    many = " many times" if statement.many else ""
    on = "" if statement.alias == "default" else f" on {statement.alias!r}"
    chunk = f", {statement.chunk} rows at a time" if statement.chunk else ""
    return f"{statement.sql}{f' with {statement.params!r}' if statement.params else ''}{many}{on}, {where}{chunk}"


def _identity(statement: Sent) -> tuple[Any, ...]:
    where = "in a transaction" if statement.in_atomic_block else "in autocommit"
    return statement.alias, statement.sql, _settled(statement), statement.many, where, statement.chunk


def _settled(statement: Sent) -> Any:
    """The parameters, those of one `IN (…)` in an order that follows from them alone.

    They are what an earlier query gave, and a server gives rows that nobody ordered in whatever order it finds them.
    """
    sql, params = statement.sql, statement.params
    if "IN (" not in sql or statement.many or sql.count("%s") != len(params):
        return params
    found = list(params)
    for match in _IN.finditer(sql):
        start = sql.count("%s", 0, match.start())
        width = match["first"].count("%s")
        members = [tuple(found[at : at + width]) for at in range(start, start + match[0].count("%s"), width)]
        found[start : start + len(members) * width] = [each for one in sorted(members, key=repr) for each in one]
    return tuple(found)


def committed(pair: Pair) -> Ruling | None:
    """What an independent connection sees afterwards is what the synchronous operation leaves."""
    if pair.asynchronous.committed != pair.sync.committed:
        return Ruling(
            "The database does not hold what the synchronous operation leaves there.",
            pair.sync.committed,
            pair.asynchronous.committed,
            silent=pair.asynchronous.error is None,
        )
    return None


def cancelled(pair: Pair) -> Ruling | None:
    """A cancelled call has done all or nothing, has said that it was cancelled, and leaves no transaction open.

    That it takes effect although it was cancelled is a property, not a fault: a thread cannot be stopped.
    """
    found = pair.cancelled
    if found is None:
        return None
    if found.raised != "CancelledError":
        return Ruling("The cancellation is swallowed.", "CancelledError", found.raised)
    whole = (pair.before, pair.sync.committed or pair.before)
    if found.later not in whole:
        return Ruling("A cancelled call has done a part of its work.", whole, found.later, silent=True)
    if found.in_transaction:
        return Ruling("A cancelled call leaves a transaction open.", (), found.in_transaction, silent=True)
    if not found.usable:
        return Ruling("The connection is not usable after a cancelled call.", "it answers", "it does not")
    return None
