"""Each judge is a pure function: shown to hold, and to disagree, on observations that are made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.judges import PANEL, refusal
from conformance.observations import (
    STALE,
    Cancellation,
    Declaration,
    Leftovers,
    Observation,
    Pair,
    Raised,
    Sent,
    SignalSent,
)

BEFORE = {"post": [(1, "old")]}
AFTER = {"post": [(1, "new")]}
HALF = {"post": [(1, "half")]}
COUNT = Sent("SELECT COUNT(*)", (), context=0)
ERROR = Raised("django.core.exceptions.FieldError", "no such field", ("builtins.KeyError",))
DECLARED = Declaration((("pk", "keyword-only", "None"),), "coroutine function", alters_data=True, queryset_only=True)
SAVING = SignalSent("pre_save", "sample_app.Post", (("using", "default"),))
SAVED = SignalSent("post_save", "sample_app.Post", (("created", True), ("using", "default")))
INSERTED = Sent("INSERT INTO post", (), context=0)

SIDE = Observation(
    value=2,
    type="builtins.int",
    statements=(INSERTED,),
    signals=(SAVING, SAVED),
    state=("loaded",),
    committed=AFTER,
    context=1,
    hops=1,
    overridden=1,
)
STALE_SIDE = replace(SIDE, state=((f"author{STALE}",),))
PAIR = Pair(
    SIDE,
    SIDE,
    before=BEFORE,
    model=(2,),
    declared=(DECLARED, DECLARED),
    cancelled=Cancellation("CancelledError", BEFORE),
)


def found(**changes: object) -> Pair:
    """The pair with another asynchronous side."""
    return replace(PAIR, asynchronous=replace(SIDE, **changes))


def raising(sync: Raised | None, asynchronous: Raised | None) -> Pair:
    """Two sides that raise, or not."""
    sides = [replace(SIDE, error=error, value=None if error else 2) for error in (sync, asynchronous)]
    return replace(PAIR, sync=sides[0], asynchronous=sides[1], model=())


def cancelled(**changes: object) -> Pair:
    """The pair with another end of the cancelled call."""
    return replace(PAIR, cancelled=replace(PAIR.cancelled, **changes))


def declared(**changes: object) -> Pair:
    """The pair with another declaration of the asynchronous side."""
    return replace(PAIR, declared=(DECLARED, replace(DECLARED, **changes)))


def left(**changes: object) -> Pair:
    """The pair with something left behind by the asynchronous side."""
    pair = found(leftovers=Leftovers(**changes), overridden=None)
    return replace(pair, sync=replace(pair.sync, overridden=None))


def swapped(pair: Pair) -> Pair:
    """The sides the other way round."""
    return replace(pair, sync=pair.asynchronous, asynchronous=pair.sync)


def warned(*texts: str) -> Pair:
    """Two sides that give these warnings, one each; nothing for an empty text."""
    left = [Leftovers(warnings=(text,) if text else ()) for text in texts]
    sides = [replace(SIDE, leftovers=each, overridden=None) for each in left]
    return replace(PAIR, sync=sides[0], asynchronous=sides[1])


def test_warnings_of_one_kind_may_say_another_name():
    """`login()` and `alogin()` warn of themselves."""
    assert PANEL["leftovers"](warned("DeprecationWarning: login", "DeprecationWarning: alogin")) is None


BEYOND = Raised("django.db.utils.DataError", "integer out of range")


@pytest.mark.parametrize(
    ("sides", "agrees"), [((BEYOND, BEYOND), True), ((None, BEYOND), False), ((ERROR, ERROR), False)]
)
def test_no_model_knows_what_is_beyond_a_database(sides: tuple[Raised | None, Raised], agrees: bool) -> None:
    """PostgreSQL refuses a sum that SQLite gives: it does on both sides."""
    assert (PANEL["model"](replace(raising(*sides), model=PAIR.model)) is None) is agrees


ROWS = "DELETE FROM t WHERE (a, b) IN ((%s, %s), (%s, %s)) AND c = %s"
KEYS = "SELECT x FROM t WHERE y = %s AND id IN (%s, %s) LIMIT 2"


@pytest.mark.parametrize(
    ("sql", "first", "second", "same"),
    [
        (KEYS, (9, 1, 2), (9, 2, 1), True),
        (KEYS, (9, 1, 2), (1, 9, 2), False),
        (KEYS, (9, 1, 2), (9, 2, 3), False),
        (ROWS, (1, 2, 3, 4, 5), (3, 4, 1, 2, 5), True),
        (ROWS, (1, 2, 3, 4, 5), (2, 1, 3, 4, 5), False),
        (ROWS, (1, 2, 3, 4, 5), (1, 4, 3, 2, 5), False),
        ("INSERT INTO t (a, b) VALUES (%s, %s)", (1, 2), (2, 1), False),
        ("SELECT a IN (SELECT b FROM t WHERE c = %s AND d = %s)", (1, 2), (2, 1), False),
    ],
)
def test_the_order_inside_of_one_list_of_keys_tells_nothing(
    sql: str, first: tuple[int, ...], second: tuple[int, ...], same: bool
) -> None:
    """An earlier query gave the keys, in no order that anybody asked for; rows of keys stay together."""
    one, other = (replace(SIDE, statements=(Sent(sql, each, context=0),)) for each in (first, second))
    assert (PANEL["statements"](Pair(one, other)) is None) is same


@pytest.mark.parametrize("name", PANEL)
def test_a_judge_holds_where_both_sides_are_equal(name):
    """Nothing is said against two sides that are the same, nor against two that raise the same."""
    assert PANEL[name](PAIR) is None
    assert PANEL[name](raising(ERROR, ERROR)) is None


DISAGREEMENTS = [
    ("result", found(value=3), "silent"),
    ("result", found(type="builtins.bool"), "fail"),
    ("result", raising(ERROR, None), "silent"),
    ("result", raising(None, ERROR), "fail"),
    ("model", found(value=3), "silent"),
    ("model", found(error=ERROR), "fail"),
    ("exception", raising(ERROR, None), "silent"),
    ("exception", raising(None, ERROR), "fail"),
    ("exception", raising(ERROR, replace(ERROR, type="builtins.ValueError")), "fail"),
    ("exception", raising(ERROR, replace(ERROR, message="another")), "fail"),
    ("exception", raising(ERROR, replace(ERROR, causes=())), "fail"),
    ("exception", raising(ERROR, replace(ERROR, usable=False)), "silent"),
    ("statements", found(statements=()), "fail"),
    ("statements", found(statements=(COUNT, COUNT)), "fail"),
    ("statements", found(statements=(replace(COUNT, alias="other"),)), "fail"),
    ("statements", found(statements=(replace(COUNT, params=(1,)),)), "fail"),
    ("statements", found(statements=(replace(COUNT, in_atomic_block=True),)), "fail"),
    ("statements", found(statements=(replace(COUNT, many=True),)), "fail"),
    ("statements", found(statements=(replace(COUNT, chunk=100),)), "fail"),
    ("signature", declared(parameters=()), "fail"),
    ("signature", declared(alters_data=False), "fail"),
    ("signature", declared(queryset_only=False), "fail"),
    ("declaration", declared(kind="function"), "fail"),
    ("declaration", declared(documented=False), "fail"),
    ("signals", found(signals=()), "silent"),
    ("signals", found(signals=(SAVED, SAVED)), "silent"),
    ("state", found(state=("not loaded",)), "silent"),
    ("state", replace(PAIR, sync=STALE_SIDE, asynchronous=STALE_SIDE), "silent"),
    ("committed", found(committed=BEFORE), "silent"),
    ("threads", found(statements=(replace(COUNT, thread="other"),)), "fail"),
    ("threads", found(statements=(replace(COUNT, context=None),)), "silent"),
    ("threads", found(context=0), "silent"),
    ("threads", found(statements=(replace(COUNT, context=5),)), "silent"),
    ("loop", found(blocking=("time.sleep",)), "fail"),
    ("leftovers", left(connections=1), "fail"),
    ("leftovers", left(in_transaction=("default",)), "fail"),
    ("leftovers", left(cursors=("default",)), "fail"),
    ("leftovers", left(receivers=("request_started",)), "fail"),
    ("leftovers", left(tasks=("work",)), "fail"),
    ("leftovers", left(never_awaited=("work",)), "fail"),
    ("leftovers", left(unraisable=("ValueError()",)), "fail"),
    ("leftovers", left(warnings=("UserWarning: x",)), "fail"),
    ("leftovers", warned("DeprecationWarning: x", ""), "fail"),
    ("leftovers", left(logged=("WARNING of django.request: Not Found: %s",)), "fail"),
    ("leftovers", swapped(left(logged=("WARNING of django.request: Not Found: %s",))), "fail"),
    ("override", found(overridden=0), "silent"),
    ("cancelled", cancelled(raised="nothing was raised"), "fail"),
    ("cancelled", cancelled(later=HALF), "silent"),
    ("cancelled", cancelled(in_transaction=("default",)), "silent"),
    ("cancelled", cancelled(usable=False), "fail"),
]


def both(signals: tuple[SignalSent, ...], *sent: Sent, error: Raised | None = None) -> Pair:
    """Two sides that send the same signals and statements."""
    side = replace(SIDE, signals=signals, statements=sent, error=error)
    return replace(PAIR, sync=side, asynchronous=side)


UPDATED = Sent("UPDATE post", (), context=0)
RESAVED = SignalSent("post_save", "sample_app.Post", (("created", False), ("using", "default")))
ELSEWHERE = replace(SAVING, arguments=(("using", "other"),))
ADDING, ADDED = (
    SignalSent("m2m_changed", "sample_app.Post_tags", (("action", action), ("pk_set", {1})))
    for action in ("pre_add", "post_add")
)
MORE = replace(ADDED, arguments=(("action", "post_add"), ("pk_set", {1, 2})))
DISAGREEMENTS += [
    ("signals", both((SAVING,), INSERTED), "silent"),
    ("signals", both((SAVING, SAVED, SAVED), INSERTED), "silent"),
    ("signals", both((ELSEWHERE, SAVED), INSERTED), "silent"),
    ("signals", both((ADDING, MORE), INSERTED), "silent"),
    ("signals", both((ADDING, ADDED, ADDED), INSERTED), "silent"),
    ("signals", both((SAVING, SAVED), UPDATED), "silent"),
    ("signals", both((SAVING, RESAVED), INSERTED), "silent"),
]


@pytest.mark.parametrize(
    "pair",
    [
        both((SAVING,)),
        both((SAVING,), replace(INSERTED, failed=True), COUNT),
        both((ADDING, ADDED), INSERTED),
        both((SAVING, RESAVED), UPDATED),
        both((SAVING, RESAVED), UPDATED, INSERTED),
        both((SAVING, SAVED), UPDATED, INSERTED),
        both((SAVING,), INSERTED, error=ERROR),
        both((SignalSent("user_logged_in", "User"),)),
    ],
)
def test_signals_that_agree_with_each_other_and_with_the_statements_are_right(pair: Pair) -> None:
    """One after for each before, unless the call has raised; a row is created by an INSERT."""
    assert PANEL["signals"](pair) is None


@pytest.mark.parametrize(("name", "pair", "verdict"), DISAGREEMENTS)
def test_a_judge_disagrees(name, pair, verdict):
    """Each thing that a judge looks at makes it disagree, with the verdict that it deserves and both sides shown."""
    ruling = PANEL[name](pair)
    assert ruling is not None
    assert ruling.verdict == verdict
    assert ruling.message.endswith(".")
    assert ruling.expected != ruling.observed


def test_every_judge_is_shown_to_disagree():
    """The table above names every judge."""
    assert {name for name, _, _ in DISAGREEMENTS} == PANEL.keys()


@pytest.mark.parametrize(
    "pair",
    [
        found(context=0, signals=()),
        found(context=0, statements=(COUNT, COUNT)),
        found(context=0, error=ERROR),
        found(context=0, overridden=0),
    ],
)
def test_a_change_of_context_is_compared_where_as_much_was_called(pair):
    """Each receiver, statement and overriding method changes the variable: a missing one is said by another judge."""
    assert PANEL["threads"](pair) is None


def test_a_warning_about_what_is_overridden_is_not_left_behind():
    """It tells the reader that something cannot be overridden as it was."""
    warned = Leftovers(warnings=("RemovedInDjango70Warning: do not override it",))
    assert PANEL["leftovers"](found(leftovers=warned)) is None
    assert PANEL["leftovers"](found(leftovers=replace(warned, tasks=("work",)))) is not None


def test_what_takes_effect_although_cancelled_is_no_fault():
    """A thread cannot be stopped: all of the effect is as good as nothing of it."""
    assert PANEL["cancelled"](cancelled(later=AFTER)) is None


@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        (raising(None, Raised("django.core.exceptions.SynchronousOnlyOperation", "no")), ""),
        (
            replace(
                PAIR,
                asynchronous=Observation(error=Raised("django.core.exceptions.SynchronousOnlyOperation", "no")),
            ),
            "SynchronousOnlyOperation: no",
        ),
        (PAIR, ""),
    ],
)
def test_a_refusal_is_the_documented_exception_before_any_statement(pair, expected):
    """The same exception after a statement is an exception."""
    assert refusal(pair) == expected
