"""A failure as lines of text: Python that can be pasted, the rows as small tables, the difference."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.case import Failure, Table

_LONGEST = 100


def failure_lines(failure: Failure, cell: str = "CELL", before: Failure | None = None) -> Iterator[str]:
    """Without its message. A line that begins with `- ` was expected, one with `+ ` was observed.

    What was told just `before`, of another check of the same example, is not told again.
    """
    if before is not None and failure.example and (failure.example, failure.rows) == (before.example, before.rows):
        yield "the same example"
    else:
        yield from _example(failure)
    if failure.difference or failure.expected or failure.observed:
        yield ""
        yield from _difference(failure)
    if failure.script:
        yield ""
        yield f"`async-orm-conformance repro {cell}` prints a program that shows it with Django alone."


def _example(failure: Failure) -> Iterator[str]:
    if failure.example:
        yield from failure.example.splitlines()
    for table in failure.rows:
        yield ""
        yield from _table(table)


def _difference(failure: Failure) -> Iterator[str]:
    if failure.difference:
        yield from failure.difference.splitlines()
        return
    # Measured by an earlier version of the suite, which kept both sides whole.
    yield f"- {failure.expected[:_LONGEST]}"
    yield f"+ {failure.observed[:_LONGEST]}"


def _table(table: Table) -> Iterator[str]:
    """The model's name above its columns, which are as wide as they must be."""
    lines = [table.columns, *table.rows]
    widths = [max(len(line[at]) for line in lines) for at in range(len(table.columns))]
    yield table.model
    for line in lines:
        yield "  " + "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
