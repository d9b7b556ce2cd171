"""An example and what was seen of it, as the result file tells them: in the reader's terms."""

from __future__ import annotations

import ast
import re
import traceback
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from conformance.case import Failure, Shown, Table
from conformance.checks.registry import CodeSource
from conformance.observations import Pair
from conformance.telling import assignments, difference, halves

if TYPE_CHECKING:
    from conformance.strategies import Rows

# Of an example with hundreds of rows, so many of each table.
MOST_ROWS = 12
# What the code or the difference must speak of for a table to be told; any other model is told always.
_SPOKEN_OF = {
    "User": r"[Uu]ser|author",
    "Tag": r"[Tt]ag",
    "Post links": r"[Tt]ag",
    "Post": r"[Pp]ost",
    "Comment": r"[Cc]omment",
    "Profile": r"[Pp]rofile",
    "Review": r"[Rr]eview|rating|Published",
    "Reaction": r"[Rr]eaction|emoji",
    "Specimen": r"[Ss]pecimen",
}
# What is the same for every user explains nothing.
_UNTOLD = {"User": ("password", "email", "date_joined")}


def broken_suite(error: BaseException) -> Failure:
    """What the suite itself raised, where it is handled: what Hypothesis raises for it holds it."""
    stack, inside = traceback.format_exc(), error
    while held := getattr(inside, "exceptions", ()):
        inside = held[0]
    return Failure(message=f"The suite itself failed: {inside!r}", stack=stack)


def failure_of(message: str, expected: object, observed: object) -> Failure:
    """What was expected and what was seen, as a difference."""
    told = difference(expected, observed, columns_of_tables() if isinstance(expected, dict) else None)
    wanted, found = halves(told)
    return Failure(message, expected=wanted, observed=found, difference=told)


def code_of_example(source: CodeSource | None, example: Any) -> tuple[str, ...]:
    """Both sides as Python; without a source the example's values, as assignments."""
    if source is not None:
        return tuple(map(_pasted, source(example)))
    told = assignments(example)
    return (told,) if told else ()


def _pasted(text: str) -> str:
    """What is no Python, such as a request as it is sent, is told as a comment."""
    try:
        compile(text, "example", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except SyntaxError:
        return "\n".join(line if line.startswith("#") else f"# {line}" for line in text.splitlines())
    return text


def example_text(code: Sequence[str]) -> str:
    """The Python of both sides, each under a comment, or of the only one."""
    if len(code) != 2:
        return "\n".join(code)
    return f"# synchronous\n{code[0]}\n\n# asynchronous\n{code[1]}"


def shown_of(code: tuple[str, ...], example: Any, pair: Pair) -> Shown:
    """An ordinary example with the statements of both sides."""
    found = pair.asynchronous
    return Shown(
        code=code,
        rows=tables_of(getattr(example, "rows", None), "\n".join(code)),
        sql=(tuple(pair.sync.sql), tuple(found.sql)),
        threads=tuple(statement.thread for statement in found.statements),
        hops=found.hops,
    )


def spoken_of(code: Sequence[str], failure: Failure) -> str:
    """The code, and the tables in which something differs: what rows must be told of."""
    places = (line for line in failure.difference.splitlines() if line.startswith("  "))
    return "\n".join((*code, *places))


def columns_of_tables() -> dict[str, tuple[str, ...]]:
    """Every table's columns, in the order in which the observer reads them."""
    from django.apps import apps

    # A proxy has no columns of its own, and the table of another.
    models = [model for model in apps.get_models(include_auto_created=True) if not model._meta.proxy]
    return {
        model._meta.db_table: tuple(field.attname for field in model._meta.local_concrete_fields) for model in models
    }


def tables_of(rows: Rows | None, text: str) -> tuple[Table, ...]:
    """The rows that the database held, of the tables that the text speaks of."""
    if rows is None:
        return ()
    from conformance.checks.seed import seeded_rows

    tables = [_table(model, values) for model, values in (*seeded_rows(rows), *rows.more()) if values]
    return tuple(table for table in tables if re.search(_SPOKEN_OF.get(table.model, ""), text))


def _table(model: type[Any], values: list[dict[str, Any]]) -> Table:
    name = _name(model)
    fields = {each: model._meta.get_field(each) for each in values[0] if each not in _UNTOLD.get(name, ())}
    told = [each for each, field in fields.items() if any(_is_told(field, row[each]) for row in values)]
    rows = [tuple(_value(row[each]) for each in told) for row in values[:MOST_ROWS]]
    if len(values) > MOST_ROWS:
        rows.append((f"… {len(values) - MOST_ROWS} more", *[""] * (len(told) - 1)))
    return Table(name, tuple(fields[each].attname for each in told), tuple(rows))


def _value(value: Any) -> str:
    """As Python, but for moments, which are long."""
    return str(value) if isinstance(value, (datetime, date)) else repr(value)


def _is_told(field: Any, value: Any) -> bool:
    """A column in which no row says more than its default explains nothing."""
    return bool(field.primary_key) or value != field.get_default()


def _name(model: type[Any]) -> str:
    if model._meta.auto_created:
        return f"{model._meta.auto_created.__name__} links"
    return model.__name__


class Ordinary:
    """Keeps the example that shows best what an entry does: one that succeeds, sends statements and gives something."""

    def __init__(self) -> None:
        self._best: tuple[int, Any, Pair] | None = None

    def consider(self, example: Any, pair: Pair) -> None:
        """The first of the best stays."""
        found = pair.asynchronous
        gives = found.value not in (None, [], (), {}, 0, False)
        score = 4 * (found.error is None) + 2 * bool(found.statements) + bool(gives)
        if self._best is None or score > self._best[0]:
            self._best = (score, example, pair)

    def shown(self, source: Callable[[Any], tuple[str, ...]]) -> Shown | None:
        """The example; None where none was run."""
        if self._best is None:
            return None
        _, example, pair = self._best
        return shown_of(source(example), example, pair)
