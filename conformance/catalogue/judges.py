"""The judges that every operation has, by name: what each asks, of which oracles, and the evidence that it needs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class JudgeInfo:
    """What a judge asks, of which oracles; `writing` and `reading` is the evidence without which its pass is vacuous.

    Without `counts` a disagreement is shown, and is no fault: nothing promises otherwise.
    """

    name: str
    asks: str
    oracles: tuple[str, ...]
    reading: tuple[str, ...] = ()
    writing: tuple[str, ...] = ()
    counts: bool = True


JUDGES = {
    judge.name: judge
    for judge in (
        JudgeInfo(
            "result",
            "Does it give the same value, of the same type?",
            ("sync-twin",),
            ("varied_results",),
            ("changed_rows",),
        ),
        JudgeInfo("model", "Does it give what a reference model says?", ("model",), ("modelled",), ("modelled",)),
        JudgeInfo("exception", "Does it raise the same, and leave the connection usable?", ("sync-twin",)),
        JudgeInfo(
            "statements",
            "Does it send the same statements, to the same database, in the same transactions?",
            ("sync-twin", "sql-equality"),
        ),
        JudgeInfo(
            "signature",
            "Does it take the same arguments, and carry the same marks?",
            ("sync-twin",),
            ("declared",),
            ("declared",),
        ),
        JudgeInfo(
            "declaration",
            "Is it a coroutine function by its declaration, with a docstring?",
            ("sync-twin",),
            ("declared",),
            ("declared",),
            counts=False,
        ),
        JudgeInfo("signals", "Does it send the same signals?", ("sync-twin", "instrumentation")),
        JudgeInfo("state", "Are the instances and caches that the caller holds as they should be?", ("sync-twin",)),
        JudgeInfo(
            "committed",
            "Does another connection see the same rows afterwards?",
            ("sync-twin", "observer"),
            writing=("changed_rows",),
        ),
        JudgeInfo(
            "threads", "Does it work on the right thread, with the caller's context variables?", ("instrumentation",)
        ),
        JudgeInfo("loop", "Does the event loop go on meanwhile?", ("instrumentation",)),
        JudgeInfo("leftovers", "Does it leave nothing behind?", ("instrumentation",)),
        JudgeInfo(
            "override",
            "Does what a subclass overrides take effect?",
            ("sync-twin", "instrumentation"),
            ("overridden",),
            ("overridden",),
        ),
        JudgeInfo(
            "cancelled",
            "Is it all or nothing when it is cancelled?",
            ("observer", "instrumentation"),
            ("cancellations",),
            ("cancellations",),
        ),
    )
}
