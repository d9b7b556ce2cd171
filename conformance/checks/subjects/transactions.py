"""`transaction.atomic` met from a coroutine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from conformance.checks.outcomes import Refused, Silent, Wrong
from conformance.checks.registry import register
from conformance.checks.stage import Stage, Trace
from conformance.checks.subjects.reading import manager
from conformance.strategies import TEXTS, Rows, rows


class Abandoned(Exception):
    """Raised inside a block so that it rolls back."""


@dataclass(frozen=True)
class Block:
    """Rows, the titles that an atomic block creates posts with, and whether it then fails."""

    rows: Rows
    titles: tuple[str, ...]
    fails: bool


BLOCKS = st.builds(
    Block, rows=rows(max_posts=2), titles=st.lists(TEXTS, min_size=1, max_size=3).map(tuple), fails=st.booleans()
)
AsyncBlock = Callable[[Stage, Block], Awaitable[None]]


def _sync_block(stage: Stage, example: Block) -> None:
    from django.db import transaction

    with transaction.atomic():
        for title in example.titles:
            stage.adapter.sync(manager(stage), "create")(title=title)
        if example.fails:
            raise Abandoned


async def _async_with(stage: Stage, example: Block) -> None:
    from django.db import transaction

    block: Any = transaction.atomic()
    async with block:
        await _create_all(stage, example)


async def _with(stage: Stage, example: Block) -> None:
    from django.db import transaction

    with transaction.atomic():
        await _create_all(stage, example)


async def _create_all(stage: Stage, example: Block) -> None:
    for title in example.titles:
        await stage.adapter.asynchronous(manager(stage), "create")(title=title)
    if example.fails:
        raise Abandoned


def _block_code(entry: str) -> Callable[[Block], tuple[str, ...]]:
    keyword = "async with" if entry == "transaction.async_with_atomic" else "with"

    def printed(example: Block) -> tuple[str, ...]:
        lines = [f"    await Post.objects.acreate(title={title!r})" for title in example.titles]
        lines += ["    raise Abandoned"] if example.fails else []
        return ("\n".join([f"{keyword} transaction.atomic():", *lines]),)

    return printed


def _register_block(entry: str, block: AsyncBlock) -> None:
    def judge_refusal(stage: Stage, example: Block) -> None:
        """It is refused before any statement; or it ends as the synchronous block does, all of it in a transaction."""
        stage.seed(example.rows)
        sync = stage.trace_sync(lambda: _sync_block(stage, example))
        stage.seed(example.rows)
        asynchronous = stage.trace_async(lambda: block(stage, example))
        _refuse(asynchronous)
        outside = [
            statement.sql
            for statement in asynchronous.statements
            # SQLite begins by a statement, which is not in the transaction yet.
            if not statement.in_atomic_block and not statement.sql.startswith("BEGIN")
        ]
        if outside:
            raise Silent(
                "Statements of the block ran outside its transaction and nothing was raised.",
                expected="every statement inside the transaction",
                observed=f"{len(outside)} of {len(asynchronous.statements)} outside",
                sql=outside,
            )
        if type(asynchronous.error) is not type(sync.error):
            raise Wrong(
                "The block in a coroutine ends in another way than the synchronous one.",
                expected=repr(sync.error),
                observed=repr(asynchronous.error),
                sql=asynchronous.sql,
            )

    def judge_committed(stage: Stage, example: Block) -> None:
        """All of the block or nothing is committed, as the synchronous block does it; a refusal commits nothing."""
        stage.seed(example.rows)
        before = stage.committed()
        stage.trace_sync(lambda: _sync_block(stage, example))
        wanted = stage.committed()
        stage.evidence.changed += wanted != before
        stage.seed(example.rows)
        asynchronous = stage.trace_async(lambda: block(stage, example))
        observed = stage.committed()
        refused = asynchronous.error is not None and not isinstance(asynchronous.error, Abandoned)
        expected = before if refused else wanted
        if observed != expected:
            raise Silent(
                "The block was not all or nothing.", expected=expected, observed=observed, sql=asynchronous.sql
            )
        _refuse(asynchronous)

    printed = _block_code(entry)
    register(entry, "refuses", BLOCKS, source=printed)(judge_refusal)
    register(entry, "committed", BLOCKS, source=printed)(judge_committed)


def _refuse(asynchronous: Trace) -> None:
    """Entering raised before any statement: the guard of Django, or of Python where the protocol is not there."""
    from django.core.exceptions import SynchronousOnlyOperation

    refusals = (SynchronousOnlyOperation, TypeError, AttributeError)
    if isinstance(asynchronous.error, refusals) and not asynchronous.statements:
        raise Refused(f"{type(asynchronous.error).__qualname__}: {asynchronous.error}")


_register_block("transaction.async_with_atomic", _async_with)
_register_block("transaction.with_atomic_in_coroutine", _with)
